-- One row per project and calendar week from its first work on: what was delivered in the week, in issues, and in
-- points where all of them are of one scale; how reliable and how fast the time-boxes were that ended in it.
-- Work counts in the week it was finished in, whatever the rhythm of its team's time-boxes (METRICS.md 2.4).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

delivered as (

    select
        project_id,
        week_start_date,
        sum(delivered_count) as delivered_count,
        sum(estimated_count) as estimated_count,
        sum(delivered_points) as delivered_points,
        count(*) filter (where estimated_count > 0) as scale_count,
        min(case when estimated_count > 0 then estimate_scale_id end) as estimate_scale_id
    from {{ ref('mart_project_points') }}
    group by project_id, week_start_date

),

week as (

    select
        project_week.project_id,
        project_week.program_id,
        project_week.week_start_date,
        project_week.week_end_date,
        project_week.is_complete,
        project_week.week_no,
        cast(coalesce(delivered.delivered_count, 0) as bigint) as delivered_count,
        cast(coalesce(delivered.estimated_count, 0) as bigint) as estimated_count,
        coalesce(delivered.scale_count, 0) as estimate_scale_count,
        coalesce(delivered.scale_count, 0) <= 1 as points_additive,
        case when delivered.scale_count = 1 then delivered.estimate_scale_id end as estimate_scale_id,
        case when coalesce(delivered.scale_count, 0) <= 1 then coalesce(delivered.delivered_points, 0) end
            as delivered_points
    from {{ ref('int_project_week') }} as project_week
    left join delivered
        on
            project_week.project_id = delivered.project_id
            and project_week.week_start_date = delivered.week_start_date

),

rolling as (

    select
        week.project_id,
        week.week_start_date,
        count(*) as week_count,
        avg(sample.delivered_count) as mean,
        median(sample.delivered_count) as median,
        -- From sums, which are exact whatever the order of the rows: stddev_samp differs in the last digit.
        sqrt(
            greatest(
                cast(sum(sample.delivered_count * sample.delivered_count) as double)
                - cast(sum(sample.delivered_count) as double) * cast(sum(sample.delivered_count) as double) / count(*),
                0
            )
            / nullif(count(*) - 1, 0)
        ) as stdev
    from week
    cross join parameter
    inner join week as sample
        on
            week.project_id = sample.project_id
            and sample.is_complete
            and week.week_no >= sample.week_no
            and sample.week_no > week.week_no - parameter.rolling_k
    group by week.project_id, week.week_start_date

)

select
    week.project_id,
    week.program_id,
    week.week_start_date,
    week.week_end_date,
    week.is_complete,
    week.delivered_count,
    week.estimated_count,
    week.points_additive,
    week.estimate_scale_count,
    week.estimate_scale_id,
    week.delivered_points,
    case when rolling.week_count >= parameter.min_sprints then rolling.mean end as delivered_count_mean_k,
    case when rolling.week_count >= parameter.min_sprints then rolling.median end as delivered_count_median_k,
    case when rolling.week_count >= parameter.min_sprints then rolling.stdev / nullif(rolling.mean, 0) end
        as delivered_count_cv,
    coalesce(sprint.sprint_count, 0) as sprint_count,
    coalesce(sprint.approximate_sprint_count, 0) as approximate_sprint_count,
    coalesce(sprint.committed_count, 0) as committed_count,
    coalesce(sprint.completed_initial_count, 0) as completed_initial_count,
    sprint.completed_initial_count / cast(nullif(sprint.committed_count, 0) as double) as commitment_reliability_count,
    sprint.velocity_index,
    parameter.as_of,
    parameter.config_version
from week
cross join parameter
left join rolling on week.project_id = rolling.project_id and week.week_start_date = rolling.week_start_date
left join {{ ref('int_project_week_sprint') }} as sprint
    on week.project_id = sprint.project_id and week.week_start_date = sprint.week_start_date
