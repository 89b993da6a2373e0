-- One row per issue container with the program it counts for.
select
    project.project_id,
    project_program.project_ref,
    project.instance as tracker,
    project.container_type,
    project.project_key,
    project.name,
    project_program.program_id,
    project_program.weight,
    project.lead_person_id,
    project.category,
    project.is_archived,
    project.is_readable,
    project.skip_reason,
    freshness.last_read_at,
    project.url
from {{ source('core', 'project') }} as project
inner join {{ ref('int_project_program') }} as project_program on project.project_id = project_program.project_id
inner join {{ ref('int_project_freshness') }} as freshness on project.project_id = freshness.project_id
