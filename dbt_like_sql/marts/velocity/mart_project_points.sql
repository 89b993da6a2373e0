-- One row per project, calendar week and scale of estimates in which something was delivered. Points of different
-- scales must not be added up (METRICS.md 2.4), so each has its row.
select
    week.project_id,
    week.week_start_date,
    delivered.estimate_scale_id,
    week.is_complete,
    count(*) as delivered_count,
    count(delivered.points) as estimated_count,
    coalesce(sum(delivered.points), 0) as delivered_points,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_project_week') }} as week
inner join {{ ref('int_delivered_issue') }} as delivered
    on
        week.project_id = delivered.project_id
        and week.start_at <= delivered.finished_at
        and week.end_at > delivered.finished_at
cross join {{ source('ops', 'build_parameter') }} as parameter
group by
    week.project_id,
    week.week_start_date,
    delivered.estimate_scale_id,
    week.is_complete,
    parameter.as_of,
    parameter.config_version
