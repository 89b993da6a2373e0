-- One row per project, program and team that flow is measured for, with the local days it is measured on.
select
    zone.scope_type,
    zone.scope_id,
    zone.timezone,
    -- Today is not over at as_of, so yesterday is the last day that counts (T6).
    cast(timezone(zone.timezone, parameter.as_of) as date) - 1 as last_date,
    cast(timezone(zone.timezone, parameter.as_of) as date) - cast(parameter.history_days as integer) as first_date
from {{ ref('int_flow_zone') }} as zone
cross join {{ source('ops', 'build_parameter') }} as parameter
