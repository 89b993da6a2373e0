-- One row per time-box and issue that counted in it: what became of it and what it adds to each measure of the time-box.
select
    measure.*,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_sprint_issue_measure') }} as measure
cross join {{ source('ops', 'build_parameter') }} as parameter
