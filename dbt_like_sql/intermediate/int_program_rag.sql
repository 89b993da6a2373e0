-- One row per program with the colour of each dimension and the worst of them (METRICS.md 5.1). Schedule and cost stay
-- grey until there is a forecast and a budget; grey never decides. Worst first: red, amber, green, grey.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

program as (

    select * from {{ ref('int_program') }}

),

measured as (

    select
        program.program_id,
        issue_summary.issue_count,
        sprint_summary.completed_initial_count / cast(nullif(sprint_summary.committed_count, 0) as double)
            as commitment_reliability,
        coalesce(dependency_summary.severity_2_count, 0) as severity_2_count,
        coalesce(dependency_summary.severity_3_count, 0) as severity_3_count
    from program
    left join {{ ref('int_program_issue_summary') }} as issue_summary
        on program.program_id = issue_summary.program_id
    left join {{ ref('int_program_sprint_summary') }} as sprint_summary
        on program.program_id = sprint_summary.program_id
    left join {{ ref('int_program_dependency_summary') }} as dependency_summary
        on program.program_id = dependency_summary.program_id

),

coloured as (

    select
        measured.program_id,
        measured.commitment_reliability,
        'grey' as schedule_rag,
        'grey' as cost_rag,
        case
            -- Nothing is known of a program without issues.
            when coalesce(measured.issue_count, 0) = 0 then 'grey'
            when
                measured.severity_3_count > 0
                or measured.severity_2_count > parameter.dependency_sev2_amber_max
                then 'red'
            when measured.severity_2_count > 0 then 'amber'
            else 'green'
        end as dependency_rag,
        case
            when measured.commitment_reliability is null then 'grey'
            when measured.commitment_reliability >= parameter.predictability_green then 'green'
            when measured.commitment_reliability >= parameter.predictability_amber then 'amber'
            else 'red'
        end as predictability_rag
    from measured
    cross join parameter

)

select
    *,
    case
        when 'red' in (schedule_rag, cost_rag, dependency_rag, predictability_rag) then 'red'
        when 'amber' in (schedule_rag, cost_rag, dependency_rag, predictability_rag) then 'amber'
        when 'green' in (schedule_rag, cost_rag, dependency_rag, predictability_rag) then 'green'
        else 'grey'
    end as computed_rag
from coloured
