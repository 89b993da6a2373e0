-- One row per measurable time-box and issue that was in scope of it, or finished elsewhere while a member of it:
-- in scope at start and end, with its last rise and fall in between (METRICS.md 2.2).
with presence as (

    select * from {{ ref('int_sprint_stay') }}

),

signal as (

    select
        presence.sprint_id,
        presence.issue_id,
        presence.done_basis_key,
        presence.effective_start_at,
        presence.window_end_at,
        coalesce(bool_or(scope.entered_at = presence.effective_start_at), false) as is_committed,
        coalesce(bool_or(scope.entered_at is not null and presence.left_at is null), false) as is_in_final_scope,
        max(case when scope.entered_at > presence.effective_start_at then scope.entered_at end) as entry_at,
        max(case when scope.entered_at is not null then presence.left_at end) as exit_at,
        bool_or(presence.left_at is null) as is_member_at_end,
        max(presence.precision_seconds) as precision_seconds,
        arg_max(presence.provenance, presence.stay_from) as membership_provenance
    from presence
    left join {{ ref('int_sprint_scope_interval') }} as scope
        on
            presence.sprint_id = scope.sprint_id
            and presence.issue_id = scope.issue_id
            and presence.stay_from = scope.stay_from
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
left join {{ ref('int_issue_done_interval') }} as at_end
    on
        signal.issue_id = at_end.issue_id
        and signal.done_basis_key = at_end.basis_key
        and signal.window_end_at > at_end.valid_from
        and signal.window_end_at <= coalesce(at_end.valid_to, timestamptz '9999-01-01 00:00:00+00:00')
where
    signal.is_committed
    or signal.entry_at is not null
    or (signal.is_member_at_end and at_end.is_done)
