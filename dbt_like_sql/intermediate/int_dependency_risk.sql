-- One row per active dependency: both issues open, the blocker first. How late it is and how much it matters.
-- Rules of METRICS.md 4.2 without the critical path.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

setting as (

    select max(case when setting = 'dependency.sequential' then value end) as sequential
    from {{ source('ops', 'setting_value') }}

),

edge as (

    select
        edge.*,
        active.valid_from as active_since
    from {{ ref('int_dependency_edge') }} as edge
    inner join {{ ref('int_dependency_active_interval') }} as active on edge.edge_id = active.edge_id
    where active.valid_to is null

),

planned as (

    select
        edge.*,
        blocker_plan.planned_finish_at,
        blocker_plan.planned_finish_basis,
        blocked_plan.planned_start_at,
        blocked_plan.planned_start_basis,
        blocker_state.category as blocker_category,
        blocked_state.category as blocked_category,
        blocker_state.assignee_person_id as blocker_assignee_person_id,
        blocker_state.due_date as blocker_due_date,
        blocked_state.due_date as blocked_due_date,
        coalesce(blocker_plan.sprint_id = blocked_plan.sprint_id, false) as is_same_sprint,
        coalesce(blocker_plan.sprint_start_at > blocked_plan.sprint_start_at, false) as is_later_sprint,
        coalesce(blocker_state.due_date > blocked_state.due_date, false) as is_due_inversion,
        coalesce(blocker_plan.due_date_at <= parameter.as_of, false) as is_overdue,
        coalesce(
            date_diff('second', blocker.updated_at, parameter.as_of) > parameter.stale_days * 86400, false
        ) as is_stale,
        count(*) over (partition by edge.blocked_issue_id) as blocked_fan_in,
        count(*) over (partition by edge.blocker_issue_id) as blocker_fan_out,
        date_diff('second', edge.active_since, parameter.as_of) as active_seconds,
        setting.sequential
    from edge
    cross join parameter
    cross join setting
    left join {{ ref('int_issue') }} as blocker on edge.blocker_issue_id = blocker.issue_id
    left join {{ ref('int_issue_plan') }} as blocker_plan on edge.blocker_issue_id = blocker_plan.issue_id
    left join {{ ref('int_issue_plan') }} as blocked_plan on edge.blocked_issue_id = blocked_plan.issue_id
    left join {{ ref('int_issue_state') }} as blocker_state on edge.blocker_issue_id = blocker_state.issue_id
    left join {{ ref('int_issue_state') }} as blocked_state on edge.blocked_issue_id = blocked_state.issue_id

),

judged as (

    select
        *,
        -- Two issues of one sprint are off track only if work on them must follow one another.
        coalesce(planned_finish_at > planned_start_at, false)
        and not (is_same_sprint and planned_finish_basis = 'sprint' and sequential = 'false') as is_schedule_conflict
    from planned

)

select
    edge_id,
    blocker_issue_id,
    blocker_key,
    blocked_issue_id,
    blocked_key,
    blocker_project_id,
    blocked_project_id,
    blocker_program_id,
    blocked_program_id,
    is_cross_project,
    is_cross_program,
    is_cross_tracker,
    blocker_is_placeholder,
    blocked_is_placeholder,
    confidence,
    provenance,
    is_backfilled,
    active_since,
    active_seconds,
    blocker_category,
    blocked_category,
    blocker_assignee_person_id,
    blocker_due_date,
    blocked_due_date,
    planned_finish_at,
    planned_finish_basis,
    planned_start_at,
    planned_start_basis,
    is_schedule_conflict as schedule_conflict,
    case
        when is_schedule_conflict then cast(date_diff('second', planned_start_at, planned_finish_at) as double) / 86400
    end as conflict_days,
    is_same_sprint as same_sprint,
    is_later_sprint as later_sprint,
    is_due_inversion as due_inversion,
    is_overdue,
    is_stale,
    blocked_fan_in,
    blocker_fan_out,
    case
        when (is_schedule_conflict or is_overdue) and is_cross_program then 3
        when is_schedule_conflict or is_overdue then 2
        else 1
    end as severity
from judged
