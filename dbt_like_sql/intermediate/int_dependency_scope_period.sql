-- One row per scope, kind of thing counted (edge, blocker or blocked issue), thing and instant from which a dependency
-- of the scope was active. Waiting: the blocked issue is the scope's; holding: the blocker is.
with period as (

    select
        edge.edge_id,
        edge.blocker_issue_id,
        edge.blocked_issue_id,
        edge.blocker_project_id,
        edge.blocked_project_id,
        edge.blocker_program_id,
        edge.blocked_program_id,
        active.valid_from,
        coalesce(active.valid_to, timestamptz '9999-01-01 00:00:00+00:00') as valid_to
    from {{ ref('int_dependency_active_interval') }} as active
    inner join {{ ref('int_dependency_edge') }} as edge on active.edge_id = edge.edge_id

),

owned as (

    select
        side.scope_type,
        case
            when side.scope_type = 'project' and side.role = 'waiting' then period.blocked_project_id
            when side.scope_type = 'project' then period.blocker_project_id
            when side.role = 'waiting' then period.blocked_program_id
            else period.blocker_program_id
        end as scope_id,
        side.role,
        period.edge_id,
        period.blocker_issue_id,
        period.blocked_issue_id,
        period.valid_from,
        period.valid_to
    from period
    cross join (
        values ('project', 'waiting'), ('project', 'holding'), ('program', 'waiting'), ('program', 'holding')
    ) as side (scope_type, role)

),

counted as (

    select
        scope_type,
        scope_id,
        role || ' edge' as counted,
        edge_id as counted_id,
        valid_from,
        valid_to
    from owned
    where scope_id is not null
    union all
    select
        scope_type,
        scope_id,
        'active blocker' as counted,
        blocker_issue_id as counted_id,
        valid_from,
        valid_to
    from owned
    where scope_id is not null and role = 'waiting'
    union all
    select
        scope_type,
        scope_id,
        'blocked issue' as counted,
        blocked_issue_id as counted_id,
        valid_from,
        valid_to
    from owned
    where scope_id is not null and role = 'waiting'

)

select
    scope_type,
    scope_id,
    counted,
    counted_id,
    valid_from,
    max(valid_to) as valid_to
from counted
group by scope_type, scope_id, counted, counted_id, valid_from
