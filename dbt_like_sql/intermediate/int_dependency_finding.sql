-- One row per rule of data quality and dependency, or issue with dependencies, it was held against.
with edge as (

    select
        edge_id,
        blocker_issue_id,
        blocked_issue_id,
        -- Whoever waits should mend it; a project that nobody can see cannot.
        coalesce(blocked_project_id, blocker_project_id) as project_id,
        blocker_key || ' > ' || blocked_key as record_key,
        blocker_is_placeholder or blocked_is_placeholder as has_placeholder
    from {{ ref('int_dependency_edge') }}
    where is_counted and valid_to is null

)

select
    'dependency_on_unknown' as rule,
    'warning' as severity,
    edge_id as record_id,
    project_id,
    record_key,
    has_placeholder as is_failed
from edge
union all
select
    'dependency_cycle' as rule,
    'warning' as severity,
    node.issue_id as record_id,
    attribution.project_id,
    node.issue_key as record_key,
    node.in_cycle as is_failed
from {{ ref('int_dependency_node') }} as node
inner join {{ ref('int_issue_attribution') }} as attribution on node.issue_id = attribution.issue_id
