-- One row per pair of projects of which one waits for the other, or for itself: the hand-offs (METRICS.md 4.2).
with project as (

    select
        project_id,
        instance || ':' || project_key as project_ref
    from {{ source('core', 'project') }}

),

risk as (

    select
        *,
        coalesce(blocker_project_id, '(unknown)') as blocker_side,
        coalesce(blocked_project_id, '(unknown)') as blocked_side,
        -- Since when nobody knows if the beginning was not recorded.
        case when not is_backfilled then active_seconds / 86400.0 end as blocked_days
    from {{ ref('int_dependency_risk') }}

),

pair as (

    select
        blocker_side,
        blocked_side,
        max(blocker_project_id) as blocker_project_id,
        max(blocked_project_id) as blocked_project_id,
        bool_or(is_cross_project) as is_cross_project,
        bool_or(is_cross_program) as is_cross_program,
        bool_or(is_cross_tracker) as is_cross_tracker,
        count(*) as active_count,
        count(distinct blocker_issue_id) as blocker_issue_count,
        count(distinct blocked_issue_id) as blocked_issue_count,
        count(case when schedule_conflict then 1 end) as conflict_count,
        count(case when is_overdue then 1 end) as overdue_count,
        count(case when schedule_conflict or is_overdue then 1 end) as late_count,
        count(case when is_stale then 1 end) as stale_count,
        count(case when severity = 3 then 1 end) as severity_3_count,
        count(blocked_days) as recorded_count,
        percentile_cont(0.5) within group (order by blocked_days) as median_blocked_days,
        max(blocked_days) as oldest_blocked_days
    from risk
    group by blocker_side, blocked_side

)

select
    pair.blocker_side,
    pair.blocked_side,
    pair.blocker_project_id,
    coalesce(blocker.project_ref, '(unknown)') as blocker_project_ref,
    pair.blocked_project_id,
    coalesce(blocked.project_ref, '(unknown)') as blocked_project_ref,
    pair.is_cross_project,
    pair.is_cross_program,
    pair.is_cross_tracker,
    pair.active_count,
    pair.blocker_issue_count,
    pair.blocked_issue_count,
    pair.conflict_count,
    pair.overdue_count,
    pair.late_count,
    pair.stale_count,
    pair.severity_3_count,
    pair.recorded_count,
    cast(pair.median_blocked_days as double) as median_blocked_days,
    cast(pair.oldest_blocked_days as double) as oldest_blocked_days,
    parameter.as_of,
    parameter.config_version
from pair
cross join {{ source('ops', 'build_parameter') }} as parameter
left join project as blocker on pair.blocker_project_id = blocker.project_id
left join project as blocked on pair.blocked_project_id = blocked.project_id
