-- One row per release and local day on which its scope changed, with the changes of issues and points planned, done and
-- unestimated (METRICS.md 3.2). Each day keeps what was true at its end: what leaves later stays in the days before.
with piece as (

    select
        planned.version_id,
        project_program.timezone,
        done_interval.is_done,
        estimate.value_number as points,
        greatest(planned.valid_from, done_interval.valid_from, estimate.valid_from) as valid_from,
        least(planned.valid_to, done_interval.valid_to, estimate.valid_to) as valid_to
    from {{ ref('int_issue_version_interval') }} as planned
    inner join {{ source('core', 'release_version') }} as version on planned.version_id = version.version_id
    inner join {{ ref('int_project_program') }} as project_program on version.project_id = project_program.project_id
    inner join {{ ref('int_issue_cycle') }} as cycle on planned.issue_id = cycle.issue_id
    inner join {{ ref('int_issue_done_interval') }} as done_interval
        on
            planned.issue_id = done_interval.issue_id
            and done_interval.basis_key = 'status_category'
            and (planned.valid_to is null or planned.valid_to > done_interval.valid_from)
            and (done_interval.valid_to is null or planned.valid_from < done_interval.valid_to)
    left join {{ ref('int_issue_field_interval') }} as estimate
        on
            planned.issue_id = estimate.issue_id
            and estimate.field = 'estimate_points'
            and (planned.valid_to is null or planned.valid_to > estimate.valid_from)
            and (estimate.valid_to is null or planned.valid_from < estimate.valid_to)
            and (done_interval.valid_to is null or done_interval.valid_to > estimate.valid_from)
            and (estimate.valid_to is null or done_interval.valid_from < estimate.valid_to)
    where
        coalesce(cycle.hierarchy_level, 0) = 0
        -- What ends as dropped leaves the scope with that, and the days before as they were.
        and (cycle.is_delivered or cycle.finished_at is null or done_interval.valid_from < cycle.finished_at)

),

dated as (

    select
        version_id,
        is_done,
        points,
        cast(timezone(timezone, valid_from) as date) as from_date,
        cast(timezone(timezone, valid_to) as date) as to_date
    from piece

),

movement as (

    select
        dated.version_id,
        dated.is_done,
        dated.points,
        case when side.direction = 1 then dated.from_date else dated.to_date end as date,
        side.direction
    from dated
    cross join (values (1), (-1)) as side (direction)
    where dated.to_date > dated.from_date or (dated.to_date is null and side.direction = 1)

)

select
    version_id,
    date,
    cast(sum(direction) as bigint) as scope_count_change,
    sum(direction * coalesce(points, 0)) as scope_points_change,
    cast(sum(case when is_done then direction else 0 end) as bigint) as done_count_change,
    sum(case when is_done then direction * coalesce(points, 0) else 0 end) as done_points_change,
    cast(sum(case when points is null then direction else 0 end) as bigint) as unestimated_count_change
from movement
group by version_id, date
