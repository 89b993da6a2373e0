-- One row per issue with its clocks: lead, cycle, active, waiting, blocked and business time (METRICS.md 3.1).
select
    cycle.*,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_issue_cycle') }} as cycle
cross join {{ source('ops', 'build_parameter') }} as parameter
