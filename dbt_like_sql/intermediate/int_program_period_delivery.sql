-- One row per program and period with what was delivered in it; points only where all of them are of one scale.
select
    period.program_id,
    period.period_kind,
    period.start_date,
    count(delivered.issue_id) as delivered_count,
    count(delivered.issue_id) filter (where delivered.finished_date < period.measured_until_date) as measured_count,
    count(distinct delivered.project_id) as project_count,
    count(distinct case when delivered.points is not null then delivered.estimate_scale_id end) as estimate_scale_count,
    min(case when delivered.points is not null then delivered.estimate_scale_id end) as estimate_scale_id,
    count(delivered.points) as estimated_count,
    coalesce(sum(delivered.points), 0) as points
from {{ ref('int_program_period') }} as period
left join {{ ref('int_delivered_issue') }} as delivered
    on
        period.program_id = delivered.program_id
        and period.start_at <= delivered.finished_at
        and period.end_at > delivered.finished_at
group by period.program_id, period.period_kind, period.start_date
