-- One row per measurable time-box, issue and stay in it during which the issue came into scope: from when until when
-- it counted (the in-scope signal of METRICS.md 2.2).
-- The signal needs no recursion: within one stay in the time-box it rises at the first instant the issue is not done
-- and falls when the stay ends, however often the issue is finished in between.
select
    stay.sprint_id,
    stay.issue_id,
    stay.stay_from,
    stay.effective_start_at,
    stay.window_end_at,
    stay.done_basis_key,
    min(greatest(stay.effective_start_at, stay.stay_from, not_done.valid_from)) as entered_at,
    -- Null: in scope until the end.
    stay.left_at
from {{ ref('int_sprint_stay') }} as stay
inner join {{ ref('int_issue_done_interval') }} as not_done
    on
        stay.issue_id = not_done.issue_id
        and stay.done_basis_key = not_done.basis_key
        and not not_done.is_done
        and not_done.valid_from < coalesce(stay.left_at, stay.window_end_at)
        and (
            not_done.valid_to is null
            or not_done.valid_to > greatest(stay.effective_start_at, stay.stay_from)
        )
group by
    stay.sprint_id,
    stay.issue_id,
    stay.stay_from,
    stay.effective_start_at,
    stay.window_end_at,
    stay.done_basis_key,
    stay.left_at
