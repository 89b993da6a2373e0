-- One row per program with the colour of each dimension, why it is so, and the worst of them (METRICS.md 5.1). Grey,
-- where nothing is known, never decides. Worst first: red, amber, green, grey.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

threshold as (

    select
        max(case when ordinal = 0 then cast(value as double) end) as cpi_green,
        max(case when ordinal = 1 then cast(value as double) end) as cpi_amber
    from {{ source('ops', 'setting_value') }}
    where setting = 'rag.cpi'

),

measured as (

    select
        program.program_id,
        program.currency,
        coalesce(issue_summary.issue_count, 0) as issue_count,
        sprint_summary.sprint_count,
        sprint_summary.completed_initial_count / cast(nullif(sprint_summary.committed_count, 0) as double)
            as commitment_reliability,
        coalesce(dependency_summary.severity_2_count, 0) as severity_2_count,
        coalesce(dependency_summary.severity_3_count, 0) as severity_3_count,
        schedule.schedule_rag,
        schedule.schedule_reason,
        cost.project_count as budgeted_project_count,
        cost.cost_performance
    from {{ ref('int_program') }} as program
    inner join {{ ref('int_program_schedule') }} as schedule on program.program_id = schedule.program_id
    left join {{ ref('int_program_cost') }} as cost on program.program_id = cost.program_id
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
        measured.cost_performance,
        measured.schedule_rag,
        case
            when measured.cost_performance is null then 'grey'
            when measured.cost_performance >= threshold.cpi_green then 'green'
            when measured.cost_performance >= threshold.cpi_amber then 'amber'
            else 'red'
        end as cost_rag,
        case
            -- Nothing is known of a program without issues.
            when measured.issue_count = 0 then 'grey'
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
        end as predictability_rag,
        measured.schedule_reason,
        case
            when measured.budgeted_project_count is null then 'no project has a budget'
            when measured.cost_performance is null then 'nothing was spent yet'
            else
                'work worth ' || cast(cast(floor(measured.cost_performance * 100 + 0.5) as integer) as text)
                || coalesce(' ' || measured.currency, '') || ' was done for every 100 spent'
        end as cost_reason,
        case
            when measured.issue_count = 0 then 'no issues'
            when measured.severity_2_count + measured.severity_3_count = 0 then 'no conflicts or late blockers'
            else
                cast(measured.severity_2_count + measured.severity_3_count as text) || ' conflicts or late blockers, '
                || cast(measured.severity_3_count as text) || ' of them across programs or on a critical path'
        end as dependency_reason,
        coalesce(
            cast(cast(floor(measured.commitment_reliability * 100 + 0.5) as integer) as text)
            || ' % of the issues that the last ' || cast(measured.sprint_count as text)
            || ' sprints began with were completed in them',
            'no closed sprint whose issues are known'
        ) as predictability_reason
    from measured
    cross join parameter
    cross join threshold

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
