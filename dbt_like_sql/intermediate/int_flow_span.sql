-- One row per issue at story level that was begun and not deleted, and scope it counts for: from start to finish.
with span as (

    select
        cycle.issue_id,
        cycle.started_at,
        cycle.finished_at,
        cycle.project_id,
        cycle.program_id,
        coalesce(cycle.team_id, '(no team)') as team_id
    from {{ ref('int_issue_cycle') }} as cycle
    inner join {{ ref('int_issue') }} as issue on cycle.issue_id = issue.issue_id
    where cycle.started_at is not null and coalesce(cycle.hierarchy_level, 0) = 0 and not issue.is_deleted

),

scoped as (

    select
        span.issue_id,
        kind.scope_type,
        case kind.scope_type
            when 'project' then span.project_id when 'program' then span.program_id else span.team_id
        end as scope_id,
        span.started_at,
        span.finished_at
    from span
    cross join (values ('project'), ('program'), ('team')) as kind (scope_type)

)

select * from scoped
where scope_id is not null
