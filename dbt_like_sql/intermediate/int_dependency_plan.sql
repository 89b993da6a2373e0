-- One row per active dependency, both issues open, with when its predecessor is planned to finish and its successor to
-- start, and what says so (METRICS.md 4.2). Where nobody planned anything, the computed schedule does.
with edge as (

    select
        edge.*,
        active.valid_from as active_since
    from {{ ref('int_dependency_edge') }} as edge
    inner join {{ ref('int_dependency_active_interval') }} as active on edge.edge_id = active.edge_id
    where active.valid_to is null

),

-- A day as a start is its first instant, as a deadline the first instant of the next (T2).
computed as (

    select
        node.issue_id,
        timezone(coalesce(item.timezone, parameter.default_timezone), cast(node.start_date as timestamp)) as start_at,
        timezone(coalesce(item.timezone, parameter.default_timezone), cast(node.finish_date + 1 as timestamp))
            as finish_at
    from {{ ref('int_schedule_node') }} as node
    cross join {{ source('ops', 'build_parameter') }} as parameter
    left join {{ ref('int_schedule_item') }} as item on node.issue_id = item.issue_id

),

-- Containers are critical when one of their leaves is.
critical as (

    select
        scope_id as program_id,
        issue_id
    from {{ ref('int_schedule_path') }}
    where scope_type = 'program' and is_critical

)

select
    edge.edge_id,
    edge.blocker_issue_id,
    edge.blocker_key,
    edge.blocked_issue_id,
    edge.blocked_key,
    edge.provenance,
    edge.confidence,
    edge.is_backfilled,
    edge.blocker_project_id,
    edge.blocked_project_id,
    edge.blocker_program_id,
    edge.blocked_program_id,
    edge.is_cross_project,
    edge.is_cross_program,
    edge.is_cross_tracker,
    edge.blocker_is_placeholder,
    edge.blocked_is_placeholder,
    edge.active_since,
    coalesce(blocker_plan.planned_finish_at, blocker_computed.finish_at) as planned_finish_at,
    coalesce(
        blocker_plan.planned_finish_basis, case when blocker_computed.finish_at is not null then 'critical_path' end
    ) as planned_finish_basis,
    coalesce(blocked_plan.planned_start_at, blocked_computed.start_at) as planned_start_at,
    coalesce(
        blocked_plan.planned_start_basis, case when blocked_computed.start_at is not null then 'critical_path' end
    ) as planned_start_basis,
    blocker_plan.due_date_at as blocker_due_at,
    coalesce(blocker_plan.sprint_id = blocked_plan.sprint_id, false) as is_same_sprint,
    coalesce(blocker_plan.sprint_start_at > blocked_plan.sprint_start_at, false) as is_later_sprint,
    blocker_critical.issue_id is not null and blocked_critical.issue_id is not null as is_on_critical_path
from edge
left join {{ ref('int_issue_plan') }} as blocker_plan on edge.blocker_issue_id = blocker_plan.issue_id
left join {{ ref('int_issue_plan') }} as blocked_plan on edge.blocked_issue_id = blocked_plan.issue_id
left join computed as blocker_computed on edge.blocker_issue_id = blocker_computed.issue_id
left join computed as blocked_computed on edge.blocked_issue_id = blocked_computed.issue_id
left join critical as blocker_critical
    on edge.blocker_issue_id = blocker_critical.issue_id and edge.blocked_program_id = blocker_critical.program_id
left join critical as blocked_critical
    on edge.blocked_issue_id = blocked_critical.issue_id and edge.blocked_program_id = blocked_critical.program_id
