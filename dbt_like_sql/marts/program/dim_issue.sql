-- One row per issue with its values at as_of.
select
    issue.issue_id,
    issue.issue_key,
    issue.instance as tracker,
    attribution.project_id,
    attribution.program_id,
    attribution.team_id,
    issue.type,
    issue.type_raw,
    issue.hierarchy_level,
    state.parent_issue_id,
    issue.summary,
    state.status_id,
    status.name as status_name,
    state.category as status_category,
    state.status_since,
    state.resolution,
    case
        when clock.finished_at is null then null
        when not_delivered.resolution is null then 'delivered'
        else 'not_delivered'
    end as outcome,
    state.priority,
    state.assignee_person_id,
    issue.reporter_person_id,
    state.estimate_points,
    issue.created_at,
    issue.updated_at,
    clock.started_at,
    clock.first_done_at,
    clock.finished_at,
    state.start_date,
    state.due_date,
    state.first_due_date,
    state.due_change_count,
    plan.sprint_id,
    plan.planned_start_at,
    plan.planned_finish_at,
    blocked.issue_id is not null as is_blocked,
    issue.labels,
    issue.components,
    issue.is_history_complete,
    issue.history_gap,
    issue.is_deleted,
    issue.deleted_observed_at,
    issue.deleted_reason,
    issue.synced_at,
    issue.url
from {{ ref('int_issue') }} as issue
inner join {{ ref('int_issue_state') }} as state on issue.issue_id = state.issue_id
inner join {{ ref('int_issue_attribution') }} as attribution on issue.issue_id = attribution.issue_id
inner join {{ ref('int_issue_clock') }} as clock on issue.issue_id = clock.issue_id
left join {{ ref('int_issue_plan') }} as plan on issue.issue_id = plan.issue_id
left join {{ source('core', 'status') }} as status on state.status_id = status.status_id
left join {{ ref('int_not_delivered_resolution') }} as not_delivered
    on replace(lower(state.resolution), '’', '''') = not_delivered.resolution
left join {{ ref('int_issue_blocked') }} as blocked on issue.issue_id = blocked.issue_id
