-- One row per delivered issue at story level (the scope of flow metrics, METRICS.md 3.1), where it counted when it was
-- finished, with the local day of its program and the estimate of that instant.
select
    cycle.issue_id,
    cycle.project_id,
    cycle.program_id,
    cycle.team_id,
    -- Where no team is known, the points of one project are taken to be of one scale.
    coalesce(team.estimate_scale_id, 'project:' || cycle.project_id) as estimate_scale_id,
    cycle.finished_at,
    cycle.finished_date,
    estimate.value_number as points
from {{ ref('int_issue_cycle') }} as cycle
left join {{ ref('int_team') }} as team on cycle.team_id = team.team_id
left join {{ ref('int_issue_field_interval') }} as estimate
    on
        cycle.issue_id = estimate.issue_id
        and estimate.field = 'estimate_points'
        and cycle.finished_at >= estimate.valid_from
        -- Not "is null or": DuckDB would compare every issue with every other for a left join.
        and cycle.finished_at < coalesce(estimate.valid_to, timestamptz '9999-01-01 00:00:00+00:00')
where cycle.is_in_flow_scope and cycle.finished_at is not null
