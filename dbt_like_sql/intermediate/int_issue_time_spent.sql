-- One row per issue with where the time between its start and its finish went (METRICS.md 3.1); unfinished issues
-- are measured up to as_of or to their deletion.
with issue as (

    select
        clock.issue_id,
        clock.started_at,
        coalesce(clock.finished_at, int_issue.deleted_observed_at, parameter.as_of) as until_at
    from {{ ref('int_issue_clock') }} as clock
    inner join {{ ref('int_issue') }} as int_issue on clock.issue_id = int_issue.issue_id
    cross join {{ source('ops', 'build_parameter') }} as parameter

),

-- Each period in a status between start and finish; both ends are inside its issue's life.
stage as (

    select
        status_interval.issue_id,
        status_interval.category,
        status_interval.wait_class,
        status_interval.valid_from,
        least(status_interval.valid_to, issue.until_at) as valid_to
    from {{ ref('int_issue_status_interval') }} as status_interval
    inner join issue on status_interval.issue_id = issue.issue_id
    where
        status_interval.valid_from >= issue.started_at
        and status_interval.valid_from < issue.until_at

),

blocked as (

    select
        blocked_interval.issue_id,
        blocked_interval.valid_from,
        least(blocked_interval.valid_to, issue.until_at) as valid_to
    from {{ ref('int_issue_blocked_interval') }} as blocked_interval
    inner join issue on blocked_interval.issue_id = issue.issue_id
    where blocked_interval.valid_from < issue.until_at

),

stage_blocked as (

    select
        stage.issue_id,
        stage.category,
        stage.wait_class,
        sum(
            date_diff(
                'second', greatest(stage.valid_from, blocked.valid_from), least(stage.valid_to, blocked.valid_to)
            )
        ) as seconds
    from stage
    inner join blocked
        on
            stage.issue_id = blocked.issue_id
            and stage.valid_to > blocked.valid_from
            and stage.valid_from < blocked.valid_to
    group by stage.issue_id, stage.category, stage.wait_class

),

in_stage as (

    select
        issue_id,
        sum(case when category = 'in_progress' then date_diff('second', valid_from, valid_to) else 0 end)
            as in_progress_s,
        sum(
            case
                when category = 'in_progress' and wait_class = 'active' then date_diff('second', valid_from, valid_to)
                else 0
            end
        ) as undisturbed_s,
        sum(case when category = 'done' then date_diff('second', valid_from, valid_to) else 0 end) as done_s
    from stage
    group by issue_id

),

in_stage_blocked as (

    select
        issue_id,
        sum(case when category = 'in_progress' then seconds else 0 end) as blocked_in_progress_s,
        sum(case when category = 'in_progress' and wait_class = 'active' then seconds else 0 end) as disturbed_s
    from stage_blocked
    group by issue_id

),

all_blocked as (

    select
        issue_id,
        sum(date_diff('second', valid_from, valid_to)) as blocked_s
    from blocked
    group by issue_id

)

select
    issue.issue_id,
    cast(coalesce(in_stage.in_progress_s, 0) as bigint) as in_progress_s,
    cast(coalesce(in_stage.undisturbed_s, 0) - coalesce(in_stage_blocked.disturbed_s, 0) as bigint) as active_s,
    cast(coalesce(in_stage.done_s, 0) as bigint) as reopen_gap_s,
    cast(coalesce(all_blocked.blocked_s, 0) as bigint) as blocked_s,
    cast(coalesce(in_stage_blocked.blocked_in_progress_s, 0) as bigint) as blocked_in_progress_s
from issue
left join in_stage on issue.issue_id = in_stage.issue_id
left join in_stage_blocked on issue.issue_id = in_stage_blocked.issue_id
left join all_blocked on issue.issue_id = all_blocked.issue_id
