-- One row per project with the program it counts for at as_of; projects no program names count for (unassigned).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

assignment as (

    select
        program_project.project_id,
        program_project.project_ref,
        program_project.program_id,
        program_project.weight,
        program_project.valid_from
    from {{ source('core', 'program_project') }} as program_project
    cross join parameter
    where
        program_project.valid_from <= cast(timezone('UTC', parameter.as_of) as date)
        and (
            program_project.valid_to is null
            or cast(timezone('UTC', parameter.as_of) as date) < program_project.valid_to
        )

),

project as (

    select * from {{ source('core', 'project') }}

),

program as (

    select * from {{ source('core', 'program') }}

),

candidate as (

    select
        project.project_id,
        assignment.program_id,
        assignment.weight,
        row_number() over (
            partition by project.project_id order by assignment.valid_from desc, assignment.program_id asc
        ) as choice_no
    from project
    inner join assignment
        on
            project.project_id = assignment.project_id
            -- program.yaml may name a project that was seen only after it was read.
            or (
                assignment.project_id is null
                and assignment.project_ref = project.instance || ':' || project.project_key
            )

)

select
    project.project_id,
    project.instance || ':' || project.project_key as project_ref,
    coalesce(candidate.program_id, 'program:(unassigned)') as program_id,
    coalesce(candidate.weight, 1) as weight,
    coalesce(program.timezone, parameter.default_timezone) as timezone,
    coalesce(program.calendar_id, 'default') as calendar_id
from project
cross join parameter
left join candidate on project.project_id = candidate.project_id and candidate.choice_no = 1
left join program on candidate.program_id = program.program_id
