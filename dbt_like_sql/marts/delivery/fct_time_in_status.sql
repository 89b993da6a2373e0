-- One row per issue and status it was ever in, with how long and how often, up to as_of or its deletion
-- (METRICS.md 3.1).
select
    spent.issue_id,
    spent.status_id,
    coalesce(status.name, spent.status_id) as status_name,
    spent.category as status_category,
    spent.wait_class,
    cycle.type,
    cycle.project_id,
    cycle.program_id,
    cycle.team_id,
    cycle.is_in_flow_scope,
    cycle.finished_at,
    spent.visit_count,
    spent.ended_seconds + coalesce(date_diff('second', spent.open_from, parameter.as_of), 0) as seconds,
    spent.ended_cycle_seconds + coalesce(date_diff('second', spent.open_cycle_from, parameter.as_of), 0)
        as cycle_seconds,
    spent.first_entered_at,
    spent.last_left_at,
    spent.open_from is not null as is_current,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_issue_status_time') }} as spent
inner join {{ ref('int_issue_cycle') }} as cycle on spent.issue_id = cycle.issue_id
cross join {{ source('ops', 'build_parameter') }} as parameter
left join {{ source('core', 'status') }} as status on spent.status_id = status.status_id
