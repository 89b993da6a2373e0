-- One row per team, project, program, open release and open epic that is forecast, with its days and the scope whose
-- back-tests speak for it.
with setting as (

    select
        max(case when setting = 'forecast.history_days' then cast(value as integer) end)
        + max(case when setting = 'forecast.backtest.lookback_days' then cast(value as integer) end) as past_days
    from {{ source('ops', 'setting_value') }}
    where setting in ('forecast.history_days', 'forecast.backtest.lookback_days')

),

parameter as (

    select
        build_parameter.as_of,
        setting.past_days
    from {{ source('ops', 'build_parameter') }} as build_parameter
    cross join setting

),

member as (

    select distinct
        scope_type,
        scope_id
    from {{ ref('int_forecast_member') }}

),

project as (

    select
        project_program.project_id,
        project_program.timezone,
        project_program.calendar_id,
        program.target_date
    from {{ ref('int_project_program') }} as project_program
    left join {{ ref('int_program') }} as program on project_program.program_id = program.program_id

),

-- Where a release or an epic is at home.
home as (

    select
        'release' as scope_type,
        version_id as scope_id,
        project_id,
        release_date as target_date
    from {{ source('core', 'release_version') }}
    union all
    select
        'epic' as scope_type,
        issue_id as scope_id,
        project_id,
        due_date as target_date
    from {{ ref('int_issue_state') }}

),

-- A team that works for several programs keeps the calendar of the first by name.
team_calendar as (

    select
        team_id,
        min(calendar_id) as calendar_id
    from {{ ref('int_issue_attribution') }}
    where team_id is not null
    group by team_id

),

zoned as (

    select
        member.scope_type,
        member.scope_id,
        coalesce(flow_scope.timezone, home_project.timezone) as timezone,
        coalesce(
            program.calendar_id, project.calendar_id, home_project.calendar_id, team_calendar.calendar_id, 'default'
        ) as calendar_id,
        case
            when member.scope_type in ('release', 'epic') then home.target_date
            else coalesce(program.target_date, project.target_date)
        end as target_date,
        home.project_id as home_project_id
    from member
    left join {{ ref('int_flow_scope') }} as flow_scope
        on member.scope_type = flow_scope.scope_type and member.scope_id = flow_scope.scope_id
    left join {{ ref('int_program') }} as program
        on member.scope_type = 'program' and member.scope_id = program.program_id
    left join project on member.scope_type = 'project' and member.scope_id = project.project_id
    left join team_calendar on member.scope_type = 'team' and member.scope_id = team_calendar.team_id
    left join home on member.scope_type = home.scope_type and member.scope_id = home.scope_id
    left join project as home_project on home.project_id = home_project.project_id

)

select
    zoned.scope_type,
    zoned.scope_id,
    zoned.timezone,
    zoned.calendar_id,
    cast(timezone(zoned.timezone, parameter.as_of) as date) as today,
    cast(timezone(zoned.timezone, parameter.as_of) as date) - parameter.past_days as first_date,
    zoned.target_date,
    case when zoned.home_project_id is null then zoned.scope_type else 'project' end as calibration_scope_type,
    coalesce(zoned.home_project_id, zoned.scope_id) as calibration_scope_id
from zoned
cross join parameter
