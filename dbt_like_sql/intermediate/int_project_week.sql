-- One row per project and calendar week, from the first in which something was delivered or a time-box with its issues
-- ended to that of as_of. Weeks begin as the settings say, in the time zone of the project's program.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

-- Weeks are cut on Mondays; to cut on Sundays, every day counts as the one after it.
week_setting as (

    select coalesce(max(case when value = 'sunday' then 1 else 0 end), 0) as shift_days
    from {{ source('ops', 'setting_value') }}
    where setting = 'time.week_start'

),

project as (

    select
        activity.project_id,
        program.program_id,
        program.timezone,
        least(min(activity.first_date), cast(timezone(program.timezone, max(parameter.as_of)) as date)) as first_date,
        cast(timezone(program.timezone, max(parameter.as_of)) as date) as as_of_date
    from {{ ref('int_first_activity') }} as activity
    inner join {{ ref('int_project_program') }} as program on activity.project_id = program.project_id
    cross join parameter
    group by activity.project_id, program.program_id, program.timezone

),

cut as (

    select
        project.project_id,
        project.program_id,
        project.timezone,
        project.as_of_date,
        week_setting.shift_days,
        cast(
            date_trunc('week', cast(project.first_date + week_setting.shift_days as timestamp)) as date
        ) - week_setting.shift_days as first_week_date
    from project
    cross join week_setting

),

week as (

    select
        cut.project_id,
        cut.program_id,
        cut.timezone,
        cut.as_of_date,
        cast(day.midnight as date) as week_start_date
    from cut
    cross join
        generate_series(
            cast(cut.first_week_date as timestamp), cast(cut.as_of_date as timestamp), interval '7 days'
        ) as day (midnight)

)

select
    project_id,
    program_id,
    week_start_date,
    week_start_date + 7 as week_end_date,
    timezone(timezone, cast(week_start_date as timestamp)) as start_at,
    timezone(timezone, cast(week_start_date + 7 as timestamp)) as end_at,
    week_start_date + 7 <= as_of_date as is_complete,
    row_number() over (partition by project_id order by week_start_date) as week_no
from week
