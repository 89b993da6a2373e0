-- One row per program, period and team with time-boxes that ended in it: the team's part in what the program promised
-- and kept, its velocity against its own baseline, and what it weighs in the program's index (METRICS.md 2.4).
with part as (

    select
        measure.program_id,
        measure.sprint_id,
        measure.team_id,
        measure.window_end_at,
        confidence.is_approximate,
        sum(measure.committed_count) as committed_count,
        sum(measure.completed_initial_count) as completed_initial_count,
        sum(measure.delivered_count) as delivered_count,
        sum(measure.committed_count + measure.added_count) as scope_count
    from {{ ref('int_sprint_issue_measure') }} as measure
    inner join {{ ref('int_sprint_in_roll_up') }} as counted_sprint on measure.sprint_id = counted_sprint.sprint_id
    inner join {{ ref('int_sprint_confidence') }} as confidence on measure.sprint_id = confidence.sprint_id
    group by
        measure.program_id, measure.sprint_id, measure.team_id, measure.window_end_at, confidence.is_approximate

),

counted as (

    select
        period.program_id,
        period.period_kind,
        period.start_date,
        part.team_id,
        count(*) as sprint_count,
        count(*) filter (where part.is_approximate) as approximate_sprint_count,
        sum(part.committed_count) filter (where not part.is_approximate) as committed_count,
        sum(part.completed_initial_count) filter (where not part.is_approximate) as completed_initial_count,
        sum(part.delivered_count) as delivered_count,
        sum(part.scope_count) as scope_count,
        sum(whole.committed_count + whole.added_count) as whole_scope_count,
        -- In an order of its own: in another one the last digit may differ.
        avg(velocity_index.velocity_index order by velocity_index.velocity_index) as velocity_index
    from {{ ref('int_program_period') }} as period
    inner join part
        on
            period.program_id = part.program_id
            -- The end itself is no part of a time-box (T5).
            and period.start_at < part.window_end_at
            and period.end_at >= part.window_end_at
    inner join {{ ref('int_sprint_velocity_index') }} as velocity_index
        on part.sprint_id = velocity_index.sprint_id and part.team_id is not distinct from velocity_index.team_id
    inner join {{ ref('int_sprint_team') }} as whole
        on part.sprint_id = whole.sprint_id and part.team_id is not distinct from whole.team_id
    group by period.program_id, period.period_kind, period.start_date, part.team_id

)

select
    counted.program_id,
    counted.period_kind,
    counted.start_date,
    counted.team_id,
    counted.sprint_count,
    counted.approximate_sprint_count,
    cast(coalesce(counted.committed_count, 0) as bigint) as committed_count,
    cast(coalesce(counted.completed_initial_count, 0) as bigint) as completed_initial_count,
    cast(counted.delivered_count as bigint) as delivered_count,
    counted.completed_initial_count / cast(nullif(counted.committed_count, 0) as double) as reliability,
    counted.velocity_index,
    -- Of a team that works for several programs, the share of its people that its work for this one stands for.
    team.headcount_fte * counted.scope_count / cast(nullif(counted.whole_scope_count, 0) as double) as fte
from counted
left join {{ ref('int_team') }} as team on counted.team_id = team.team_id
