-- One row per issue delivered in the last history_days: how many working days it took, whole and per point
-- (METRICS.md 4.4).
with working_day as (

    select
        calendar_id,
        max(working_seconds) as seconds
    from {{ source('core', 'calendar_day') }}
    group by calendar_id

),

finished as (

    select
        cycle.issue_id,
        cycle.team_id,
        cycle.type,
        cycle.project_id,
        cycle.program_id,
        cycle.finished_at,
        state.estimate_points,
        cycle.is_in_flow_scope,
        cast(
            coalesce(
                cycle.business_cycle_s / cast(nullif(working_day.seconds, 0) as double), cycle.cycle_time_s / 86400.0
            ) as double
        ) as working_days
    from {{ ref('int_issue_cycle') }} as cycle
    inner join {{ ref('int_issue_state') }} as state on cycle.issue_id = state.issue_id
    inner join {{ ref('int_issue_attribution') }} as attribution on cycle.issue_id = attribution.issue_id
    inner join {{ ref('int_issue') }} as issue on cycle.issue_id = issue.issue_id
    cross join {{ source('ops', 'build_parameter') }} as parameter
    left join working_day on attribution.calendar_id = working_day.calendar_id
    where
        cycle.is_delivered
        and not issue.is_deleted
        and not cycle.is_in_progress_skipped
        and coalesce(cycle.hierarchy_level, 0) <= 0
        and date_diff('second', cycle.finished_at, parameter.as_of) <= parameter.history_days * 86400

)

select
    issue_id,
    team_id,
    type,
    project_id,
    program_id,
    case
        when estimate_points is null then 'unestimated'
        when estimate_points <= 1 then 'up to 1'
        when estimate_points <= 3 then 'up to 3'
        when estimate_points <= 8 then 'up to 8'
        else 'over 8'
    end as size_bucket,
    case when is_in_flow_scope then 'story' else 'other' end as cohort,
    working_days,
    case when estimate_points > 0 then working_days / estimate_points end as days_per_point
from finished
where working_days is not null
