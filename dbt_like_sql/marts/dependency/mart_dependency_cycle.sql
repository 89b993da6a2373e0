-- One row per circle of open issues that wait for each other, with the dependency that is the least sure: cutting it
-- may free them (METRICS.md 4.3).
with member as (

    select
        node.scc_id,
        node.issue_id,
        node.issue_key,
        project.project_id,
        coalesce(project.instance || ':' || project.project_key, '(unknown)') as project_ref,
        item.program_id,
        schedule.duration_days
    from {{ ref('int_dependency_node') }} as node
    left join {{ ref('int_schedule_item') }} as item on node.issue_id = item.issue_id
    left join {{ source('core', 'project') }} as project on item.project_id = project.project_id
    left join {{ ref('int_schedule_node') }} as schedule on node.issue_id = schedule.issue_id
    where node.in_cycle

),

edge as (

    select
        member.scc_id,
        edge.edge_id,
        edge.blocker_key,
        edge.blocked_key,
        edge.confidence,
        edge.provenance,
        -- Of dependencies that are as unsure, the youngest.
        row_number() over (
            partition by member.scc_id order by edge.confidence asc, edge.valid_from desc, edge.edge_id asc
        ) as cut_no
    from {{ ref('int_schedule_edge') }} as active
    inner join {{ ref('int_dependency_edge') }} as edge
        on
            active.blocker_issue_id = edge.blocker_issue_id
            and active.blocked_issue_id = edge.blocked_issue_id
            and edge.is_hard
    inner join member on edge.blocker_issue_id = member.issue_id
    inner join member as other on edge.blocked_issue_id = other.issue_id and member.scc_id = other.scc_id

),

circle as (

    select
        scc_id,
        count(*) as member_count,
        string_agg(issue_key, ', ' order by issue_key) as member_keys,
        count(distinct project_ref) as project_count,
        string_agg(distinct project_ref, ', ' order by project_ref) as project_refs,
        count(distinct program_id) as program_count,
        sum(duration_days) as duration_days
    from member
    group by scc_id

),

edge_count as (

    select
        scc_id,
        count(*) as edge_count
    from edge
    group by scc_id

)

select
    circle.scc_id,
    circle.member_count,
    circle.member_keys,
    edge_count.edge_count,
    circle.project_count,
    circle.project_refs,
    circle.program_count,
    circle.duration_days,
    cut.edge_id as cut_edge_id,
    cut.blocker_key as cut_blocker_key,
    cut.blocked_key as cut_blocked_key,
    cut.confidence as cut_confidence,
    cut.provenance as cut_provenance,
    parameter.as_of,
    parameter.config_version
from circle
inner join edge_count on circle.scc_id = edge_count.scc_id
inner join edge as cut on circle.scc_id = cut.scc_id and cut.cut_no = 1
cross join {{ source('ops', 'build_parameter') }} as parameter
