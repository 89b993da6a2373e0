-- One row per measurable time-box and issue that was in scope of it, or finished elsewhere while a member of it:
-- the in-scope signal of METRICS.md 2.2 at start and end, with its last rise and fall.
-- The signal needs no recursion: within one stay in the time-box it rises at the first instant the issue is not done
-- and falls when the stay ends, however often the issue is finished in between.
with done_interval as (

    select * from {{ ref('int_issue_done_interval') }}

),

presence as (

    select * from {{ ref('int_sprint_stay') }}

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
