-- One row per calendar and day, with the working seconds of the day and of all days before it.
select
    calendar_id,
    date,
    working_seconds,
    cast(
        coalesce(
            sum(working_seconds) over (
                partition by calendar_id order by date rows between unbounded preceding and 1 preceding
            ),
            0
        ) as bigint
    ) as seconds_before
from {{ source('core', 'calendar_day') }}
