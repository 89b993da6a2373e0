-- One row per project, program and team that flow is measured for, with the time zone of its days.
with counted as (

    select
        scope.scope_type,
        scope.scope_id,
        -- Of several zones (a team that works for two programs) the first by name.
        min(attribution.timezone) as timezone
    from {{ ref('int_issue_flow_scope') }} as scope
    inner join {{ ref('int_issue_attribution') }} as attribution on scope.issue_id = attribution.issue_id
    group by scope.scope_type, scope.scope_id

)

select
    counted.scope_type,
    counted.scope_id,
    coalesce(program.timezone, project_program.timezone, counted.timezone) as timezone
from counted
left join {{ source('core', 'program') }} as program
    on counted.scope_type = 'program' and counted.scope_id = program.program_id
left join {{ ref('int_project_program') }} as project_program
    on counted.scope_type = 'project' and counted.scope_id = project_program.project_id
