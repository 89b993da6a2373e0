-- One row per project, program and team with open issues: how much of its work waits for others (METRICS.md 4.2).
with blocked as (

    select
        risk.blocked_issue_id as issue_id,
        -- Another team's work if both teams are known, else another project's.
        bool_or(
            case
                when blocker.team_id is not null and blocked_item.team_id is not null
                    then blocker.team_id <> blocked_item.team_id
                else risk.is_cross_project
            end
        ) as is_waiting_for_others,
        bool_or(risk.is_cross_project) as is_cross_project,
        bool_or(risk.is_cross_program) as is_cross_program,
        bool_or(risk.blocker_is_placeholder) as is_waiting_for_unknown
    from {{ ref('int_dependency_risk') }} as risk
    inner join {{ ref('int_schedule_item') }} as blocked_item on risk.blocked_issue_id = blocked_item.issue_id
    left join {{ ref('int_schedule_item') }} as blocker on risk.blocker_issue_id = blocker.issue_id
    group by risk.blocked_issue_id

),

item as (

    select
        item.issue_id,
        item.project_id,
        item.program_id,
        coalesce(item.team_id, '(no team)') as team_id,
        blocked.issue_id is not null as is_waiting,
        coalesce(blocked.is_waiting_for_others, false) as is_waiting_for_others,
        coalesce(blocked.is_cross_project, false) as is_cross_project,
        coalesce(blocked.is_cross_program, false) as is_cross_program,
        coalesce(blocked.is_waiting_for_unknown, false) as is_waiting_for_unknown
    from {{ ref('int_schedule_item') }} as item
    left join blocked on item.issue_id = blocked.issue_id

),

scoped as (

    select
        'project' as scope_type,
        project_id as scope_id,
        is_waiting,
        is_waiting_for_others,
        is_cross_project,
        is_cross_program,
        is_waiting_for_unknown
    from item
    union all
    select
        'program' as scope_type,
        program_id as scope_id,
        is_waiting,
        is_waiting_for_others,
        is_cross_project,
        is_cross_program,
        is_waiting_for_unknown
    from item
    union all
    select
        'team' as scope_type,
        team_id as scope_id,
        is_waiting,
        is_waiting_for_others,
        is_cross_project,
        is_cross_program,
        is_waiting_for_unknown
    from item

)

select
    scoped.scope_type,
    scoped.scope_id,
    count(*) as open_issue_count,
    count(case when scoped.is_waiting then 1 end) as waiting_issue_count,
    count(case when scoped.is_waiting_for_others then 1 end) as waiting_for_others_count,
    count(case when scoped.is_cross_project then 1 end) as waiting_cross_project_count,
    count(case when scoped.is_cross_program then 1 end) as waiting_cross_program_count,
    count(case when scoped.is_waiting_for_unknown then 1 end) as waiting_for_unknown_count,
    count(case when scoped.is_waiting_for_others then 1 end) / cast(count(*) as double) as cross_board_rate,
    max(parameter.as_of) as as_of,
    max(parameter.config_version) as config_version
from scoped
cross join {{ source('ops', 'build_parameter') }} as parameter
group by scoped.scope_type, scoped.scope_id
