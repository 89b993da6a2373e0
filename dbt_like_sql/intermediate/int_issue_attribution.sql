-- One row per issue with the project, program and team it counts for: when it was finished, else at as_of (T11).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

issue as (

    select
        int_issue.issue_id,
        int_issue.project_id as latest_project_id,
        coalesce(issue_clock.finished_at, int_issue.deleted_observed_at - interval '1 microsecond', parameter.as_of)
            as counted_at
    from {{ ref('int_issue') }} as int_issue
    cross join parameter
    left join {{ ref('int_issue_clock') }} as issue_clock on int_issue.issue_id = issue_clock.issue_id

),

field_value as (

    select
        issue.issue_id,
        max(case when field_interval.field = 'project' then field_interval.value end) as project_id,
        max(case when field_interval.field = 'team' then field_interval.value end) as team_id
    from issue
    inner join {{ ref('int_issue_field_interval') }} as field_interval
        on
            issue.issue_id = field_interval.issue_id
            and field_interval.field in ('project', 'team')
            and issue.counted_at >= field_interval.valid_from
            and (field_interval.valid_to is null or issue.counted_at < field_interval.valid_to)
    group by issue.issue_id

),

sprint_team as (

    select
        issue.issue_id,
        board_team.team_id,
        row_number() over (
            partition by issue.issue_id
            order by sprint.effective_start_at desc nulls last, sprint.sprint_id asc
        ) as choice_no
    from issue
    inner join {{ ref('int_sprint_membership') }} as membership
        on
            issue.issue_id = membership.issue_id
            and issue.counted_at >= membership.valid_from
            and (membership.valid_to is null or issue.counted_at < membership.valid_to)
    inner join {{ ref('int_sprint_clock') }} as sprint on membership.sprint_id = sprint.sprint_id
    inner join {{ ref('int_board_team') }} as board_team on sprint.board_id = board_team.board_id

),

located as (

    select
        issue.issue_id,
        coalesce(field_value.project_id, issue.latest_project_id) as project_id,
        coalesce(field_value.team_id, sprint_team.team_id) as team_id
    from issue
    left join field_value on issue.issue_id = field_value.issue_id
    left join sprint_team on issue.issue_id = sprint_team.issue_id and sprint_team.choice_no = 1

)

select
    located.issue_id,
    located.project_id,
    coalesce(override.program_id, project_program.program_id, 'program:(unassigned)') as program_id,
    coalesce(located.team_id, project_team.team_id) as team_id,
    coalesce(program.timezone, project_program.timezone, parameter.default_timezone) as timezone,
    coalesce(program.calendar_id, project_program.calendar_id, 'default') as calendar_id
from located
cross join parameter
left join {{ ref('int_project_program') }} as project_program on located.project_id = project_program.project_id
left join {{ ref('int_issue_program_override') }} as override on located.issue_id = override.issue_id
left join {{ source('core', 'program') }} as program on override.program_id = program.program_id
left join {{ ref('int_project_team') }} as project_team on located.project_id = project_team.project_id
