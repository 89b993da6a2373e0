-- One row per program and month, quarter or program increment, from its first work to as_of, with the elapsed days that
-- are over. Days are those of the program's time zone.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

program as (

    select
        program.program_id,
        program.timezone,
        program.calendar_id,
        cast(timezone(program.timezone, max(parameter.as_of)) as date) as as_of_date,
        min(activity.first_date) as first_date
    from {{ ref('int_first_activity') }} as activity
    inner join {{ ref('int_program') }} as program on activity.program_id = program.program_id
    cross join parameter
    group by program.program_id, program.timezone, program.calendar_id

),

period as (

    select
        program.*,
        kind.period_kind,
        cast(null as text) as increment_name,
        cast(day.midnight as date) as start_date,
        cast(day.midnight + kind.length as date) as end_date
    from program
    cross join (values ('month', interval '1 month'), ('quarter', interval '3 months')) as kind (period_kind, length)
    cross join
        generate_series(
            case
                when kind.period_kind = 'month'
                    then date_trunc('month', cast(least(program.first_date, program.as_of_date) as timestamp))
                else date_trunc('quarter', cast(least(program.first_date, program.as_of_date) as timestamp))
            end,
            cast(program.as_of_date as timestamp),
            kind.length
        ) as day (midnight)
    union all
    select
        program.*,
        'increment' as period_kind,
        increment.name as increment_name,
        increment.start_date,
        increment.end_date
    from program
    inner join {{ ref('int_increment') }} as increment
        on program.as_of_date >= increment.start_date and program.first_date < increment.end_date

)

select
    program_id,
    calendar_id,
    period_kind,
    start_date,
    end_date,
    case period_kind
        when 'month' then substr(cast(start_date as text), 1, 7)
        when 'quarter'
            then substr(cast(start_date as text), 1, 4) || ' Q' || cast(extract(quarter from start_date) as text)
        else increment_name
    end as name,
    timezone(timezone, cast(start_date as timestamp)) as start_at,
    timezone(timezone, cast(end_date as timestamp)) as end_at,
    end_date <= as_of_date as is_complete,
    -- Today is not over (T6): rates are those of the days before it.
    least(end_date, as_of_date) as measured_until_date,
    least(end_date, as_of_date) - start_date as measured_days
from period
