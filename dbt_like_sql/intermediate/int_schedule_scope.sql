-- One row per program and per release that is not out: the scopes that have a critical path.
select
    'program' as scope_type,
    program_id as scope_id,
    program_key as scope_key,
    name as scope_name,
    program_id,
    timezone,
    calendar_id,
    target_date
from {{ ref('int_program') }}
union all
select
    'release' as scope_type,
    version.version_id as scope_id,
    project_program.project_ref || ' ' || version.name as scope_key,
    version.name as scope_name,
    project_program.program_id,
    project_program.timezone,
    project_program.calendar_id,
    version.release_date as target_date
from {{ source('core', 'release_version') }} as version
inner join {{ ref('int_project_program') }} as project_program on version.project_id = project_program.project_id
where not coalesce(version.released, false) and not coalesce(version.archived, false)
