-- One row per program of program.yaml, and one for all projects that none of them names.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

)

select
    program_id,
    program_key,
    name,
    owner_person_ref,
    timezone,
    calendar_id,
    start_date,
    target_date,
    currency
from {{ source('core', 'program') }}
union all
select
    'program:(unassigned)' as program_id,
    '(unassigned)' as program_key,
    '(unassigned)' as name,
    cast(null as text) as owner_person_ref,
    default_timezone as timezone,
    'default' as calendar_id,
    cast(null as date) as start_date,
    cast(null as date) as target_date,
    cast(null as text) as currency
from parameter
