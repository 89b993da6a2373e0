-- One row per issue at story level, scope that counts it and period in which it does: its project and program of the
-- day, and the team it is counted for.
with issue as (

    select
        int_issue.issue_id,
        int_issue.created_at,
        int_issue.deleted_observed_at,
        attribution.team_id
    from {{ ref('int_issue') }} as int_issue
    inner join {{ ref('int_issue_attribution') }} as attribution on int_issue.issue_id = attribution.issue_id
    where coalesce(int_issue.hierarchy_level, 0) = 0

),

located as (

    select
        issue.issue_id,
        field_interval.value as project_id,
        coalesce(override.program_id, project_program.program_id, 'program:(unassigned)') as program_id,
        field_interval.valid_from,
        field_interval.valid_to
    from issue
    inner join {{ ref('int_issue_field_interval') }} as field_interval
        on issue.issue_id = field_interval.issue_id and field_interval.field = 'project'
    left join {{ ref('int_project_program') }} as project_program
        on field_interval.value = project_program.project_id
    left join {{ ref('int_issue_program_override') }} as override on issue.issue_id = override.issue_id

)

select
    issue_id,
    'project' as scope_type,
    project_id as scope_id,
    valid_from,
    valid_to
from located
where project_id is not null
union all
select
    issue_id,
    'program' as scope_type,
    program_id as scope_id,
    valid_from,
    valid_to
from located
union all
select
    issue_id,
    'team' as scope_type,
    coalesce(team_id, '(no team)') as scope_id,
    created_at as valid_from,
    deleted_observed_at as valid_to
from issue
