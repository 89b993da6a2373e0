-- One row per closed time-box and team with its velocity as a share of the team's own baseline: the median of the last
-- rolling_k non-empty time-boxes before the program increment (without increments: the quarter) it ended in
-- (METRICS.md 2.4). A baseline is frozen for an increment, so that a rising velocity shows.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

sprint as (

    select
        sprint_team.sprint_id,
        sprint_team.team_id,
        sprint_team.sequence_scope,
        clock.effective_end_at,
        velocity_window.velocity_unit,
        sprint_team.committed_count + sprint_team.final_scope_count > 0 as is_sample,
        case
            when velocity_window.velocity_unit = 'points' then sprint_team.completed_points
            else cast(sprint_team.completed_count as double)
        end as velocity,
        -- The end itself is no part of a time-box (T5): one that ends with a quarter belongs to that quarter.
        coalesce(
            increment.start_at,
            timezone(
                parameter.default_timezone,
                date_trunc(
                    'quarter',
                    timezone(parameter.default_timezone, clock.effective_end_at - interval '1 microsecond')
                )
            )
        ) as baseline_until
    from {{ ref('int_sprint_team') }} as sprint_team
    inner join {{ ref('int_sprint_clock') }} as clock on sprint_team.sprint_id = clock.sprint_id
    inner join {{ ref('int_sprint_velocity_window') }} as velocity_window
        on sprint_team.sprint_id = velocity_window.sprint_id
    cross join parameter
    left join {{ ref('int_increment') }} as increment
        on clock.effective_end_at > increment.start_at and clock.effective_end_at <= increment.end_at
    where clock.state = 'closed'

),

baseline_period as (

    select distinct
        sequence_scope,
        team_id,
        baseline_until
    from sprint

),

sample as (

    select
        baseline_period.sequence_scope,
        baseline_period.team_id,
        baseline_period.baseline_until,
        sprint.velocity,
        row_number() over (
            partition by baseline_period.sequence_scope, baseline_period.team_id, baseline_period.baseline_until
            order by sprint.effective_end_at desc, sprint.sprint_id desc
        ) as recency_no
    from baseline_period
    inner join sprint
        on
            baseline_period.sequence_scope = sprint.sequence_scope
            and baseline_period.team_id is not distinct from sprint.team_id
            and sprint.is_sample
            and baseline_period.baseline_until >= sprint.effective_end_at

),

baseline as (

    select
        sample.sequence_scope,
        sample.team_id,
        sample.baseline_until,
        median(sample.velocity) as velocity,
        count(*) as sample_count
    from sample
    cross join parameter
    where sample.recency_no <= parameter.rolling_k
    group by sample.sequence_scope, sample.team_id, sample.baseline_until

)

select
    sprint.sprint_id,
    sprint.team_id,
    sprint.velocity_unit,
    sprint.velocity,
    sprint.baseline_until,
    coalesce(baseline.sample_count, 0) as baseline_sample_count,
    case when baseline.sample_count >= parameter.min_sprints then baseline.velocity end as velocity_baseline,
    case
        when baseline.sample_count >= parameter.min_sprints then 100 * sprint.velocity / nullif(baseline.velocity, 0)
    end as velocity_index
from sprint
cross join parameter
left join baseline
    on
        sprint.sequence_scope = baseline.sequence_scope
        and sprint.team_id is not distinct from baseline.team_id
        and sprint.baseline_until = baseline.baseline_until
