-- One row per program and period in which time-boxes ended: reliability pooled over all promises and as the mean of
-- the teams (they differ, METRICS.md 2.4), and the velocity index.
-- Teams weigh as many people as they have; if that is not told of all of them, as many issues as they delivered.
with team as (

    select
        *,
        count(*) filter (where velocity_index is not null and fte is null) over (
            partition by program_id, period_kind, start_date
        ) = 0 as weighs_people
    from {{ ref('int_program_period_team') }}

),

weighed as (

    select
        *,
        case when velocity_index is not null then case when weighs_people then fte else delivered_count end end
            as weight
    from team

),

sprint as (

    select
        period.program_id,
        period.period_kind,
        period.start_date,
        count(distinct measure.sprint_id) as sprint_count,
        count(distinct case when confidence.is_approximate then measure.sprint_id end) as approximate_sprint_count
    from {{ ref('int_program_period') }} as period
    inner join {{ ref('int_sprint_issue_measure') }} as measure
        on
            period.program_id = measure.program_id
            and period.start_at < measure.window_end_at
            and period.end_at >= measure.window_end_at
    inner join {{ ref('int_sprint_in_roll_up') }} as counted_sprint on measure.sprint_id = counted_sprint.sprint_id
    inner join {{ ref('int_sprint_clock') }} as clock on measure.sprint_id = clock.sprint_id and clock.state = 'closed'
    inner join {{ ref('int_sprint_confidence') }} as confidence on measure.sprint_id = confidence.sprint_id
    group by period.program_id, period.period_kind, period.start_date

)

select
    weighed.program_id,
    weighed.period_kind,
    weighed.start_date,
    min(sprint.sprint_count) as sprint_count,
    min(sprint.approximate_sprint_count) as approximate_sprint_count,
    count(*) as team_count,
    cast(sum(weighed.committed_count) as bigint) as committed_count,
    cast(sum(weighed.completed_initial_count) as bigint) as completed_initial_count,
    sum(weighed.completed_initial_count) / cast(nullif(sum(weighed.committed_count), 0) as double)
        as pooled_reliability,
    -- Sums of fractions are taken in an order of their own: in another one their last digit may differ.
    avg(weighed.reliability order by weighed.reliability) as mean_team_reliability,
    sum(weighed.weight * weighed.velocity_index order by weighed.weight, weighed.velocity_index)
    / nullif(sum(weighed.weight order by weighed.weight), 0) as velocity_index,
    case
        when count(weighed.velocity_index) = 0 then null
        when bool_and(weighed.weighs_people) then 'fte'
        else 'delivered_count'
    end as velocity_index_weight
from weighed
inner join sprint
    on
        weighed.program_id = sprint.program_id
        and weighed.period_kind = sprint.period_kind
        and weighed.start_date = sprint.start_date
group by weighed.program_id, weighed.period_kind, weighed.start_date
