-- One row per active dependency: both issues open, the blocker first. How late it is and how much it matters
-- (METRICS.md 4.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

setting as (

    select max(case when setting = 'dependency.sequential' then value end) as sequential
    from {{ source('ops', 'setting_value') }}

),

planned as (

    select
        edge.*,
        blocker_state.category as blocker_category,
        blocked_state.category as blocked_category,
        blocker_state.assignee_person_id as blocker_assignee_person_id,
        blocker_state.due_date as blocker_due_date,
        blocked_state.due_date as blocked_due_date,
        coalesce(blocker_state.due_date > blocked_state.due_date, false) as is_due_inversion,
        coalesce(edge.blocker_due_at <= parameter.as_of, false) as is_overdue,
        coalesce(
            date_diff('second', blocker.updated_at, parameter.as_of) > parameter.stale_days * 86400, false
        ) as is_stale,
        date_diff('second', edge.active_since, parameter.as_of) as active_seconds,
        -- Two issues of one sprint are off track only if work on them must follow one another. A start that was
        -- computed waits for the predecessor already: nobody planned it, so nothing is in conflict with it.
        coalesce(edge.planned_finish_at > edge.planned_start_at, false)
        and edge.planned_start_basis <> 'critical_path'
        and not (edge.is_same_sprint and edge.planned_finish_basis = 'sprint' and setting.sequential = 'false')
            as is_schedule_conflict
    from {{ ref('int_dependency_plan') }} as edge
    cross join parameter
    cross join setting
    left join {{ ref('int_issue') }} as blocker on edge.blocker_issue_id = blocker.issue_id
    left join {{ ref('int_issue_state') }} as blocker_state on edge.blocker_issue_id = blocker_state.issue_id
    left join {{ ref('int_issue_state') }} as blocked_state on edge.blocked_issue_id = blocked_state.issue_id

)

select
    planned.edge_id,
    planned.blocker_issue_id,
    planned.blocker_key,
    planned.blocked_issue_id,
    planned.blocked_key,
    planned.blocker_project_id,
    planned.blocked_project_id,
    planned.blocker_program_id,
    planned.blocked_program_id,
    planned.is_cross_project,
    planned.is_cross_program,
    planned.is_cross_tracker,
    planned.blocker_is_placeholder,
    planned.blocked_is_placeholder,
    planned.confidence,
    planned.provenance,
    planned.is_backfilled,
    planned.active_since,
    planned.active_seconds,
    planned.blocker_category,
    planned.blocked_category,
    planned.blocker_assignee_person_id,
    planned.blocker_due_date,
    planned.blocked_due_date,
    planned.planned_finish_at,
    planned.planned_finish_basis,
    planned.planned_start_at,
    planned.planned_start_basis,
    planned.is_schedule_conflict as schedule_conflict,
    case
        when planned.is_schedule_conflict
            then cast(date_diff('second', planned.planned_start_at, planned.planned_finish_at) as double) / 86400
    end as conflict_days,
    planned.is_same_sprint as same_sprint,
    planned.is_later_sprint as later_sprint,
    planned.is_due_inversion as due_inversion,
    planned.is_overdue,
    planned.is_stale,
    blocked_node.fan_in as blocked_fan_in,
    blocker_node.fan_out as blocker_fan_out,
    blocker_node.blast_radius as blocker_blast_radius,
    blocker_node.in_cycle and blocked_node.in_cycle and blocker_node.scc_id = blocked_node.scc_id as is_in_cycle,
    planned.is_on_critical_path,
    case
        when
            (planned.is_schedule_conflict or planned.is_overdue)
            and (planned.is_cross_program or planned.is_on_critical_path)
            then 3
        when planned.is_schedule_conflict or planned.is_overdue then 2
        else 1
    end as severity
from planned
inner join {{ ref('int_dependency_node') }} as blocker_node on planned.blocker_issue_id = blocker_node.issue_id
inner join {{ ref('int_dependency_node') }} as blocked_node on planned.blocked_issue_id = blocked_node.issue_id
