-- One row per active dependency: both issues open, the blocker first. How late it is and how much it matters.
select
    risk.*,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_dependency_risk') }} as risk
cross join {{ source('ops', 'build_parameter') }} as parameter
