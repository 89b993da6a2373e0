-- One row per scope (a program, or a release that is not out) and open issue on its network: when it can and when it
-- must be done, and how likely it is to decide the end (METRICS.md 4.4).
select
    path.scope_type,
    path.scope_id,
    scope.scope_key,
    scope.scope_name,
    path.issue_id,
    path.issue_key,
    path.project_id,
    path.program_id,
    path.is_in_scope,
    path.is_placeholder,
    issue.summary,
    path.circle_issue_id,
    path.duration_days,
    path.duration_p85_days,
    path.duration_basis,
    path.early_start_days,
    path.early_finish_days,
    path.late_start_days,
    path.late_finish_days,
    path.total_slack_days,
    path.free_slack_days,
    path.early_finish_p85_days,
    path.due_date,
    path.due_slack_days,
    path.is_critical,
    path.criticality_index,
    path.path_no,
    path.start_date,
    path.finish_date,
    path.finish_p85_date,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_schedule_path') }} as path
inner join {{ ref('int_schedule_scope') }} as scope
    on path.scope_type = scope.scope_type and path.scope_id = scope.scope_id
cross join {{ source('ops', 'build_parameter') }} as parameter
left join {{ ref('int_issue') }} as issue on path.issue_id = issue.issue_id
where not path.is_container
