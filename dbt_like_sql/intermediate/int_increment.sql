-- One row per program increment of the settings, with its first day and the day after its last.
-- Increments are a rhythm of the whole organisation: its default time zone tells when their days begin.
with bound as (

    select
        substr(setting, length('time.increments.') + 1) as name,
        cast(min(case when ordinal = 0 then value end) as date) as start_date,
        cast(min(case when ordinal = 1 then value end) as date) + 1 as end_date
    from {{ source('ops', 'setting_value') }}
    where setting like 'time.increments.%'
    group by setting

)

select
    bound.name,
    bound.start_date,
    bound.end_date,
    timezone(parameter.default_timezone, cast(bound.start_date as timestamp)) as start_at,
    timezone(parameter.default_timezone, cast(bound.end_date as timestamp)) as end_at
from bound
cross join {{ source('ops', 'build_parameter') }} as parameter
