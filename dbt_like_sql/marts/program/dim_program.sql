-- One row per program of program.yaml, and one for all projects that none of them names.
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
from {{ ref('int_program') }}
