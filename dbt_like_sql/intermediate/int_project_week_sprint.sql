-- One row per project and calendar week in which time-boxes with its issues ended: what was promised and kept of its
-- part, and how fast the teams were against their baselines, weighted by what they finished in it.
-- Time-boxes of which much is unknown would look as if every promise had been kept: they count for no reliability.
with part as (

    select
        measure.project_id,
        measure.sprint_id,
        measure.team_id,
        measure.window_end_at,
        confidence.is_approximate,
        sum(measure.committed_count) as committed_count,
        sum(measure.completed_initial_count) as completed_initial_count,
        sum(measure.completed_count) as completed_count,
        velocity_index.velocity_index
    from {{ ref('int_sprint_issue_measure') }} as measure
    inner join {{ ref('int_sprint_in_roll_up') }} as counted_sprint on measure.sprint_id = counted_sprint.sprint_id
    inner join {{ ref('int_sprint_confidence') }} as confidence on measure.sprint_id = confidence.sprint_id
    inner join {{ ref('int_sprint_velocity_index') }} as velocity_index
        on
            measure.sprint_id = velocity_index.sprint_id
            and measure.team_id is not distinct from velocity_index.team_id
    group by
        measure.project_id,
        measure.sprint_id,
        measure.team_id,
        measure.window_end_at,
        confidence.is_approximate,
        velocity_index.velocity_index

)

select
    week.project_id,
    week.week_start_date,
    count(distinct part.sprint_id) as sprint_count,
    count(distinct case when part.is_approximate then part.sprint_id end) as approximate_sprint_count,
    cast(coalesce(sum(part.committed_count) filter (where not part.is_approximate), 0) as bigint) as committed_count,
    cast(coalesce(sum(part.completed_initial_count) filter (where not part.is_approximate), 0) as bigint)
        as completed_initial_count,
    -- In an order of its own: in another one the last digit may differ.
    sum(part.completed_count * part.velocity_index order by part.velocity_index, part.completed_count)
    / nullif(sum(part.completed_count) filter (where part.velocity_index is not null), 0) as velocity_index
from {{ ref('int_project_week') }} as week
inner join part
    on
        week.project_id = part.project_id
        -- The end itself is no part of a time-box (T5).
        and week.start_at < part.window_end_at
        and week.end_at >= part.window_end_at
group by week.project_id, week.week_start_date
