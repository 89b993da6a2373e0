-- One row per program that has a budget: value earned and money spent in its projects with a baseline, and the ratio of
-- the sums (METRICS.md 5.4; ratios of projects are never averaged). Projects without a baseline are left out on both
-- sides: what was spent in them earned nothing that could be told.
with setting as (

    select max(value) as evm_mode
    from {{ source('ops', 'setting_value') }}
    where setting = 'evm.mode'

),

project as (

    select
        project_program.project_id,
        project_program.project_ref,
        project_program.program_id,
        cast(timezone(project_program.timezone, parameter.as_of) as date) as today
    from {{ ref('int_project_program') }} as project_program
    cross join {{ source('ops', 'build_parameter') }} as parameter

),

-- The newest one that was approved by then.
baseline as (

    select
        project.*,
        baseline.start_date,
        cast(baseline.bac as double) as bac,
        baseline.planned_release_points,
        row_number() over (partition by project.project_id order by baseline.baseline_no desc) as choice_no
    from {{ source('core', 'budget_baseline') }} as baseline
    inner join project on baseline.project_ref = project.project_ref
    where
        baseline.bac > 0
        and baseline.planned_release_points > 0
        and coalesce(baseline.approved_at <= project.today, true)

),

point as (

    select
        cycle.project_id,
        sum(case when cycle.is_in_flow_scope then state.estimate_points end) as done_points,
        sum(case when state.category <> 'done' then state.estimate_points end) as open_points
    from {{ ref('int_issue_cycle') }} as cycle
    inner join {{ ref('int_issue') }} as issue on cycle.issue_id = issue.issue_id
    inner join {{ ref('int_issue_state') }} as state on cycle.issue_id = state.issue_id
    inner join baseline on cycle.project_id = baseline.project_id and baseline.choice_no = 1
    where
        coalesce(cycle.hierarchy_level, 0) = 0
        and not issue.is_deleted
        and coalesce(cycle.finished_date >= baseline.start_date, true)
    group by cycle.project_id

),

cost as (

    select
        project.project_id,
        sum(cast(cost_actual.amount as double)) as spent
    from {{ source('core', 'cost_actual') }} as cost_actual
    inner join project on cost_actual.project_ref = project.project_ref and cost_actual.date <= project.today
    group by project.project_id

),

measured as (

    select
        baseline.program_id,
        baseline.project_id,
        baseline.bac,
        coalesce(cost.spent, 0) as actual_cost,
        baseline.bac * least(
            coalesce(point.done_points, 0) / case
                when setting.evm_mode = 'frozen_scope' then baseline.planned_release_points
                -- What was added: the work known now beyond what was planned.
                else greatest(
                    baseline.planned_release_points, coalesce(point.done_points, 0) + coalesce(point.open_points, 0)
                )
            end,
            1
        ) as earned_value
    from baseline
    cross join setting
    left join point on baseline.project_id = point.project_id
    left join cost on baseline.project_id = cost.project_id
    where baseline.choice_no = 1

)

select
    program_id,
    count(*) as project_count,
    sum(bac) as budget,
    sum(earned_value) as earned_value,
    sum(actual_cost) as actual_cost,
    sum(earned_value) / nullif(sum(actual_cost), 0) as cost_performance
from measured
group by program_id
