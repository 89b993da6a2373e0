-- One row per issue with its clocks: lead, cycle, active, waiting, blocked and business time (METRICS.md 3.1).
-- Durations are null while an issue is not finished. Flow metrics count the rows with is_in_flow_scope.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

clock as (

    select
        issue.issue_id,
        issue.issue_key,
        issue.type,
        issue.hierarchy_level,
        issue.is_deleted,
        issue.created_at,
        attribution.project_id,
        attribution.program_id,
        attribution.team_id,
        attribution.calendar_id,
        issue_clock.started_at,
        issue_clock.restarted_at,
        issue_clock.first_done_at,
        issue_clock.finished_at,
        issue_clock.reopen_count,
        issue_clock.is_in_progress_skipped,
        state.due_date,
        state.first_due_date,
        issue_clock.finished_at is not null and not_delivered.resolution is null as is_delivered,
        timezone(attribution.timezone, issue_clock.started_at) as started_local,
        timezone(attribution.timezone, issue_clock.finished_at) as finished_local,
        date_diff('second', issue_clock.started_at, issue_clock.finished_at) as cycle_time_s,
        parameter.cycle_mode
    from {{ ref('int_issue') }} as issue
    inner join {{ ref('int_issue_clock') }} as issue_clock on issue.issue_id = issue_clock.issue_id
    inner join {{ ref('int_issue_attribution') }} as attribution on issue.issue_id = attribution.issue_id
    inner join {{ ref('int_issue_state') }} as state on issue.issue_id = state.issue_id
    cross join parameter
    left join {{ ref('int_not_delivered_resolution') }} as not_delivered
        on replace(lower(state.resolution), '’', '''') = not_delivered.resolution

),

-- Working seconds up to an instant: those of the days before, and of its own day the share that has passed.
worked as (

    select
        clock.issue_id,
        first_day.seconds_before
        + first_day.working_seconds
        * date_diff('second', date_trunc('day', clock.started_local), clock.started_local) / 86400.0 as until_start,
        last_day.seconds_before
        + last_day.working_seconds
        * date_diff('second', date_trunc('day', clock.finished_local), clock.finished_local) / 86400.0 as until_finish
    from clock
    inner join {{ ref('int_working_clock') }} as first_day
        on clock.calendar_id = first_day.calendar_id and cast(clock.started_local as date) = first_day.date
    inner join {{ ref('int_working_clock') }} as last_day
        on clock.calendar_id = last_day.calendar_id and cast(clock.finished_local as date) = last_day.date
    where clock.finished_at is not null

)

select
    clock.issue_id,
    clock.issue_key,
    clock.type,
    clock.hierarchy_level,
    clock.project_id,
    clock.program_id,
    clock.team_id,
    clock.created_at,
    clock.started_at,
    clock.first_done_at,
    clock.finished_at,
    cast(clock.started_local as date) as started_date,
    cast(clock.finished_local as date) as finished_date,
    clock.reopen_count,
    coalesce(clock.is_in_progress_skipped, false) as is_in_progress_skipped,
    clock.is_delivered,
    coalesce(clock.hierarchy_level, 0) = 0 and clock.is_delivered and not clock.is_deleted as is_in_flow_scope,
    date_diff('second', clock.created_at, clock.finished_at) as lead_time_s,
    clock.cycle_time_s,
    date_diff('second', clock.restarted_at, clock.finished_at) as cycle_time_reset_s,
    date_diff('second', clock.started_at, clock.first_done_at) as first_done_cycle_time_s,
    case
        when clock.cycle_mode = 'wipe_on_backward' then date_diff('second', clock.restarted_at, clock.finished_at)
        else clock.cycle_time_s
    end as flow_cycle_time_s,
    spent.in_progress_s,
    case when clock.finished_at is not null then spent.active_s end as active_time_s,
    clock.cycle_time_s - spent.active_s - spent.reopen_gap_s as wait_time_s,
    case when clock.finished_at is not null then spent.reopen_gap_s end as reopen_gap_s,
    spent.blocked_s,
    spent.blocked_in_progress_s,
    spent.active_s / cast(nullif(clock.cycle_time_s, 0) as double) as flow_efficiency,
    cast(clock.finished_local as date) - cast(clock.started_local as date) + 1 as cycle_days_inclusive,
    -- Shares of a day are by the clock on the wall: on the day it is put forward they could exceed the time there was.
    least(cast(floor(worked.until_finish - worked.until_start) as bigint), clock.cycle_time_s) as business_cycle_s,
    clock.due_date,
    clock.first_due_date,
    -- A due day is kept until its local end (T2).
    cast(clock.finished_local as date) <= clock.due_date as is_on_time,
    cast(clock.finished_local as date) <= clock.first_due_date as is_on_time_baseline
from clock
inner join {{ ref('int_issue_time_spent') }} as spent on clock.issue_id = spent.issue_id
left join worked on clock.issue_id = worked.issue_id
