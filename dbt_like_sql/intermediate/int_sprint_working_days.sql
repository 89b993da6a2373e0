-- One row per measurable time-box with the working days from its first day up to, and without, the day it ended or that
-- of as_of, by the default calendar. Null where the calendar does not reach.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

calendar as (

    select
        date,
        coalesce(
            sum(case when is_working then 1 else 0 end) over (
                order by date rows between unbounded preceding and 1 preceding
            ),
            0
        ) as days_before
    from {{ source('core', 'calendar_day') }}
    where calendar_id = 'default'

)

select
    sprint.sprint_id,
    cast(last_day.days_before - first_day.days_before as bigint) as working_days
from {{ ref('int_sprint_clock') }} as sprint
cross join parameter
left join calendar as first_day
    on cast(timezone(parameter.default_timezone, sprint.effective_start_at) as date) = first_day.date
left join calendar as last_day
    on cast(timezone(parameter.default_timezone, sprint.window_end_at) as date) = last_day.date
where sprint.is_measurable
