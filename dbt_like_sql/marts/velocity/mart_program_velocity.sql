-- One row per program and month, quarter or program increment: what was delivered, how much of what was promised was
-- kept, and how fast the teams were against their own baselines. Points are null unless all are of one scale: a sum
-- over teams that estimate differently means nothing (METRICS.md 2.4).
with objective as (

    select
        period.program_id,
        period.period_kind,
        period.start_date,
        sum(objective.actual_bv) as actual_bv,
        sum(objective.planned_bv) filter (where objective.kind = 'committed') as planned_bv
    from {{ ref('int_program_period') }} as period
    inner join {{ source('core', 'objective') }} as objective
        on
            period.program_id = objective.program_id
            and period.start_date <= objective.period_end
            and period.end_date > objective.period_end
    group by period.program_id, period.period_kind, period.start_date

),

working as (

    select
        period.program_id,
        period.period_kind,
        period.start_date,
        count(*) as working_days
    from {{ ref('int_program_period') }} as period
    inner join {{ source('core', 'calendar_day') }} as day
        on
            period.calendar_id = day.calendar_id
            and day.is_working
            and period.start_date <= day.date
            and period.measured_until_date > day.date
    group by period.program_id, period.period_kind, period.start_date

),

measured as (

    select
        period.program_id,
        period.period_kind,
        period.name as period_name,
        period.start_date as period_start_date,
        period.end_date as period_end_date,
        period.is_complete,
        coalesce(working.working_days, 0) as working_days,
        delivery.project_count,
        delivery.delivered_count,
        delivery.measured_count * 7 / cast(nullif(period.measured_days, 0) as double) as delivered_per_week,
        delivery.measured_count / cast(nullif(working.working_days, 0) as double) as delivered_per_working_day,
        delivery.estimate_scale_count <= 1 as points_additive,
        delivery.estimate_scale_count,
        case when delivery.estimate_scale_count = 1 then delivery.estimate_scale_id end as estimate_scale_id,
        case when delivery.estimate_scale_count <= 1 then delivery.points end as delivered_points,
        coalesce(sprint.sprint_count, 0) as sprint_count,
        coalesce(sprint.approximate_sprint_count, 0) as approximate_sprint_count,
        coalesce(sprint.team_count, 0) as team_count,
        coalesce(sprint.committed_count, 0) as committed_count,
        coalesce(sprint.completed_initial_count, 0) as completed_initial_count,
        sprint.pooled_reliability,
        sprint.mean_team_reliability,
        sprint.velocity_index,
        sprint.velocity_index_weight,
        objective.planned_bv,
        objective.actual_bv,
        objective.actual_bv / nullif(objective.planned_bv, 0) as ppm
    from {{ ref('int_program_period') }} as period
    inner join {{ ref('int_program_period_delivery') }} as delivery
        on
            period.program_id = delivery.program_id
            and period.period_kind = delivery.period_kind
            and period.start_date = delivery.start_date
    left join {{ ref('int_program_period_sprint') }} as sprint
        on
            period.program_id = sprint.program_id
            and period.period_kind = sprint.period_kind
            and period.start_date = sprint.start_date
    left join working
        on
            period.program_id = working.program_id
            and period.period_kind = working.period_kind
            and period.start_date = working.start_date
    left join objective
        on
            period.program_id = objective.program_id
            and period.period_kind = objective.period_kind
            and period.start_date = objective.start_date

)

select
    measured.*,
    lag(measured.delivered_per_week) over in_time as previous_delivered_per_week,
    measured.delivered_per_week / nullif(lag(measured.delivered_per_week) over in_time, 0) - 1
        as delivered_per_week_change,
    parameter.as_of,
    parameter.config_version
from measured
cross join {{ source('ops', 'build_parameter') }} as parameter
window in_time as (partition by measured.program_id, measured.period_kind order by measured.period_start_date)
