-- One row per open issue with what its duration and dates are computed from (METRICS.md 4.4).
with working_day as (

    select
        calendar_id,
        nullif(max(working_seconds), 0) as seconds
    from {{ source('core', 'calendar_day') }}
    group by calendar_id

),

item as (

    select
        issue.issue_id,
        issue.issue_key,
        issue.type,
        issue.remaining_seconds,
        attribution.project_id,
        attribution.program_id,
        attribution.team_id,
        attribution.calendar_id,
        attribution.timezone,
        state.parent_issue_id,
        state.estimate_points,
        state.due_date,
        state.category,
        timezone(attribution.timezone, parameter.as_of) as now_local,
        timezone(attribution.timezone, clock.started_at) as started_local,
        date_diff('second', clock.started_at, parameter.as_of) / 86400.0 as elapsed_days
    from {{ ref('int_issue') }} as issue
    inner join {{ ref('int_issue_done_interval') }} as done_interval
        on
            issue.issue_id = done_interval.issue_id
            and done_interval.basis_key = 'status_category'
            and not done_interval.is_done
            and done_interval.valid_to is null
    inner join {{ ref('int_issue_attribution') }} as attribution on issue.issue_id = attribution.issue_id
    inner join {{ ref('int_issue_state') }} as state on issue.issue_id = state.issue_id
    inner join {{ ref('int_issue_clock') }} as clock on issue.issue_id = clock.issue_id
    cross join {{ source('ops', 'build_parameter') }} as parameter

),

moment as (

    select
        issue_id,
        calendar_id,
        started_local as local,
        -1 as sign
    from item
    where category = 'in_progress'
    union all
    select
        issue_id,
        calendar_id,
        now_local as local,
        1 as sign
    from item
    where category = 'in_progress'

),

-- Working days since work began: those of the days before, and of its own day the share that has passed; up to now less
-- up to the start.
aged as (

    select
        moment.issue_id,
        sum(
            moment.sign * (
                clock.seconds_before
                + clock.working_seconds
                * date_diff('second', date_trunc('day', moment.local), moment.local) / 86400.0
            )
        ) / max(working_day.seconds) as working_days
    from moment
    inner join {{ ref('int_working_clock') }} as clock
        on moment.calendar_id = clock.calendar_id and cast(moment.local as date) = clock.date
    inner join working_day on moment.calendar_id = working_day.calendar_id
    group by moment.issue_id
    -- Both instants are within what the calendar tells.
    having count(*) = 2

)

select
    item.issue_id,
    item.issue_key,
    item.type,
    item.project_id,
    item.program_id,
    item.team_id,
    item.calendar_id,
    item.timezone,
    item.parent_issue_id,
    item.category,
    item.estimate_points,
    case
        when item.estimate_points is null then 'unestimated'
        when item.estimate_points <= 1 then 'up to 1'
        when item.estimate_points <= 3 then 'up to 3'
        when item.estimate_points <= 8 then 'up to 8'
        else 'over 8'
    end as size_bucket,
    cast(item.remaining_seconds / cast(coalesce(working_day.seconds, 28800) as double) as double)
        as remaining_days,
    item.due_date,
    -- Work that began nobody knows when has just begun, for all we know.
    case
        when item.category = 'in_progress'
            then cast(greatest(coalesce(aged.working_days, item.elapsed_days, 0), 0) as double)
    end as age_days
from item
left join working_day on item.calendar_id = working_day.calendar_id
left join aged on item.issue_id = aged.issue_id
