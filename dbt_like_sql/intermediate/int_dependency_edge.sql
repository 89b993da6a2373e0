-- One row per directed edge between two issues, predecessor to successor, however many records show it
-- (METRICS.md 4.1).
-- A dependency that was removed keeps its row, with the end of its last period.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

issue as (

    select
        int_issue.issue_id,
        int_issue.issue_key,
        int_issue.instance,
        int_issue.created_at,
        attribution.project_id,
        attribution.program_id
    from {{ ref('int_issue') }} as int_issue
    inner join {{ ref('int_issue_attribution') }} as attribution on int_issue.issue_id = attribution.issue_id

),

-- Each with the type of its edges as a column: a join on columns alone can be hashed.
dependency as (

    select
        *,
        'blocks' as edge_type,
        row_number() over (partition by blocker_issue_id, blocked_issue_id order by valid_from desc) as recency_no
    from {{ ref('int_dependency_interval') }}

),

edge as (

    select * from {{ ref('int_dependency_evidence') }}

),

parent as (

    select
        issue_id,
        value as parent_issue_id,
        valid_from,
        'parent_child' as edge_type
    from {{ ref('int_issue_field_interval') }}
    where field = 'parent' and is_current

)

select
    md5(edge.blocker_issue_id || '>' || edge.blocked_issue_id || ':' || edge.edge_type) as edge_id,
    edge.blocker_issue_id,
    -- Placeholders are named after what the tracker called them: unknown:PAY-12.
    coalesce(blocker.issue_key, substr(edge.blocker_issue_id, 9)) as blocker_key,
    edge.blocked_issue_id,
    coalesce(blocked.issue_key, substr(edge.blocked_issue_id, 9)) as blocked_key,
    edge.edge_type,
    edge.edge_type = 'blocks' as is_hard,
    edge.edge_type = 'blocks'
    and edge.confidence >= parameter.min_confidence
    and edge.blocker_issue_id <> edge.blocked_issue_id as is_counted,
    edge.blocker_issue_id = edge.blocked_issue_id as is_self_loop,
    edge.provenance,
    edge.confidence,
    coalesce(dependency.valid_from, parent.valid_from, greatest(blocker.created_at, blocked.created_at)) as valid_from,
    dependency.valid_to,
    coalesce(dependency.is_backfilled, parent.valid_from is null) as is_backfilled,
    blocker.project_id as blocker_project_id,
    blocked.project_id as blocked_project_id,
    blocker.program_id as blocker_program_id,
    blocked.program_id as blocked_program_id,
    -- Nobody knows where an issue is that cannot be seen: it counts neither as near nor as far.
    case
        when blocker.issue_id is not null and blocked.issue_id is not null
            then (blocker.project_id is distinct from blocked.project_id)
    end as is_cross_project,
    case
        when blocker.issue_id is not null and blocked.issue_id is not null
            then (blocker.program_id is distinct from blocked.program_id)
    end as is_cross_program,
    case
        when blocker.issue_id is not null and blocked.issue_id is not null
            then (blocker.instance is distinct from blocked.instance)
    end as is_cross_tracker,
    (blocker.issue_id is null) as blocker_is_placeholder,
    (blocked.issue_id is null) as blocked_is_placeholder
from edge
cross join parameter
left join issue as blocker on edge.blocker_issue_id = blocker.issue_id
left join issue as blocked on edge.blocked_issue_id = blocked.issue_id
left join dependency
    on
        edge.edge_type = dependency.edge_type
        and edge.blocker_issue_id = dependency.blocker_issue_id
        and edge.blocked_issue_id = dependency.blocked_issue_id
        and dependency.recency_no = 1
left join parent
    on
        edge.edge_type = parent.edge_type
        and edge.blocker_issue_id = parent.issue_id
        and edge.blocked_issue_id = parent.parent_issue_id
-- A dependency recorded after as_of is invisible.
where edge.edge_type <> 'blocks' or dependency.valid_from is not null
