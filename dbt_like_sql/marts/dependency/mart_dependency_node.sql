-- One row per open issue or placeholder with an active dependency: how many it waits for and holds up (METRICS.md 4.2).
select
    node.issue_id,
    node.issue_key,
    item.project_id,
    item.program_id,
    item.team_id,
    item.issue_id is null as is_placeholder,
    issue.summary,
    state.category as status_category,
    state.assignee_person_id,
    state.due_date,
    node.fan_in,
    node.fan_out,
    node.blast_radius,
    node.blast_points,
    node.blast_projects,
    node.blast_programs,
    node.depth,
    node.scc_id,
    node.in_cycle,
    spent.blocked_s,
    spent.blocked_in_progress_s,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_dependency_node') }} as node
cross join {{ source('ops', 'build_parameter') }} as parameter
left join {{ ref('int_schedule_item') }} as item on node.issue_id = item.issue_id
left join {{ ref('int_issue') }} as issue on node.issue_id = issue.issue_id
left join {{ ref('int_issue_state') }} as state on node.issue_id = state.issue_id
left join {{ ref('int_issue_time_spent') }} as spent on node.issue_id = spent.issue_id
