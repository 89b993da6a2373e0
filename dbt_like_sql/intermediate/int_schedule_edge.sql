-- One row per active dependency between two open issues (or placeholders): what schedules and reach are computed from.
-- An issue that blocks itself is told as the circle it is.
select distinct
    edge.blocker_issue_id,
    edge.blocker_key,
    edge.blocked_issue_id,
    edge.blocked_key
from {{ ref('int_dependency_edge') }} as edge
inner join {{ ref('int_dependency_active_interval') }} as active on edge.edge_id = active.edge_id
where active.valid_to is null
union
select
    edge.blocker_issue_id,
    edge.blocker_key,
    edge.blocked_issue_id,
    edge.blocked_key
from {{ ref('int_dependency_edge') }} as edge
inner join {{ ref('int_schedule_item') }} as item on edge.blocker_issue_id = item.issue_id
cross join {{ source('ops', 'build_parameter') }} as parameter
where edge.is_self_loop and edge.is_hard and edge.confidence >= parameter.min_confidence and edge.valid_to is null
