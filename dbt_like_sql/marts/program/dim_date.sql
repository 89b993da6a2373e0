-- One row per working calendar and day.
select
    calendar_id,
    date,
    is_working,
    working_seconds,
    cast(date_trunc('week', cast(date as timestamp)) as date) as week_start_date,
    cast(date_trunc('month', cast(date as timestamp)) as date) as month_start_date,
    cast(date_trunc('quarter', cast(date as timestamp)) as date) as quarter_start_date
from {{ source('core', 'calendar_day') }}
