-- One row per measurable time-box and issue that was in scope of it, or finished elsewhere while a member of it:
-- the in-scope signal of METRICS.md 2.2 at start and end, with its last rise and fall.
-- The signal needs no recursion: within one stay in the time-box it rises at the first instant the issue is not done
-- and falls when the stay ends, however often the issue is finished in between.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

sprint as (

    select * from {{ ref('int_sprint_clock') }}
    where is_measurable

),

done_interval as (

    select * from {{ ref('int_issue_done_interval') }}

),

stay as (

    select
        sprint.sprint_id,
        sprint.effective_start_at,
        sprint.window_end_at,
        sprint.done_basis_key,
        membership.issue_id,
        membership.valid_from as stay_from,
        membership.valid_to as stay_to,
        membership.precision_seconds,
        -- Only the roll-over at the close of a sprint is forgiven, and only if the issue does not come back.
        sprint.state = 'closed'
        and membership.valid_to < sprint.window_end_at
        and membership.valid_to >= sprint.window_end_at - sprint.close_grace_seconds * interval '1 second'
        and lead(membership.valid_from) over (
            partition by sprint.sprint_id, membership.issue_id order by membership.valid_from
        ) is null as is_at_close
    from sprint
    inner join {{ ref('int_sprint_membership') }} as membership
        on
            sprint.sprint_id = membership.sprint_id
            and sprint.window_end_at > membership.valid_from
            and (membership.valid_to is null or sprint.effective_start_at < membership.valid_to)
    inner join {{ ref('int_issue') }} as issue on membership.issue_id = issue.issue_id
    where not issue.is_subtask or (select parameter.include_subtasks from parameter)

),

presence as (

    select
        stay.*,
        -- Null: a member until the end.
        case
            when stay.stay_to >= stay.window_end_at then null
            when stay.is_at_close and not at_exit.is_done then null
            else stay.stay_to
        end as left_at
    from stay
    left join done_interval as at_exit
        on
            stay.issue_id = at_exit.issue_id
            and stay.done_basis_key = at_exit.basis_key
            and stay.stay_to >= at_exit.valid_from
            and stay.stay_to < coalesce(at_exit.valid_to, timestamptz '9999-01-01 00:00:00+00:00')

),

rise as (

    select
        presence.sprint_id,
        presence.issue_id,
        presence.stay_from,
        min(
            greatest(presence.effective_start_at, presence.stay_from, not_done.valid_from)
        ) as entered_at
    from presence
    inner join done_interval as not_done
        on
            presence.issue_id = not_done.issue_id
            and presence.done_basis_key = not_done.basis_key
            and not not_done.is_done
            and not_done.valid_from < coalesce(presence.left_at, presence.window_end_at)
            and (
                not_done.valid_to is null
                or not_done.valid_to > greatest(presence.effective_start_at, presence.stay_from)
            )
    group by presence.sprint_id, presence.issue_id, presence.stay_from

),

signal as (

    select
        presence.sprint_id,
        presence.issue_id,
        presence.done_basis_key,
        presence.effective_start_at,
        presence.window_end_at,
        coalesce(bool_or(rise.entered_at = presence.effective_start_at), false) as is_committed,
        coalesce(bool_or(rise.entered_at is not null and presence.left_at is null), false) as is_in_final_scope,
        max(case when rise.entered_at > presence.effective_start_at then rise.entered_at end) as entry_at,
        max(case when rise.entered_at is not null then presence.left_at end) as exit_at,
        bool_or(presence.left_at is null) as is_member_at_end,
        max(presence.precision_seconds) as precision_seconds
    from presence
    left join rise
        on
            presence.sprint_id = rise.sprint_id
            and presence.issue_id = rise.issue_id
            and presence.stay_from = rise.stay_from
    group by
        presence.sprint_id,
        presence.issue_id,
        presence.done_basis_key,
        presence.effective_start_at,
        presence.window_end_at

)

select
    signal.*,
    coalesce(at_end.is_done, false) as is_done_at_end
from signal
left join done_interval as at_end
    on
        signal.issue_id = at_end.issue_id
        and signal.done_basis_key = at_end.basis_key
        and signal.window_end_at > at_end.valid_from
        and signal.window_end_at <= coalesce(at_end.valid_to, timestamptz '9999-01-01 00:00:00+00:00')
where
    signal.is_committed
    or signal.entry_at is not null
    or (signal.is_member_at_end and at_end.is_done)
