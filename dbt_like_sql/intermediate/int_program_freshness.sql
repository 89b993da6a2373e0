-- One row per program with how fresh its projects are: as fresh as the one that was read longest ago.
select
    project_program.program_id,
    min(freshness.last_read_at) as last_read_at
from {{ ref('int_project_program') }} as project_program
inner join {{ ref('int_project_freshness') }} as freshness on project_program.project_id = freshness.project_id
group by project_program.program_id
