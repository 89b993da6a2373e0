-- One row per dependency (edge of type blocks) and period in which it was there as the history of its issues tells.
with issue as (

    select
        issue_id,
        created_at
    from {{ ref('int_issue') }}

),

change as (

    select
        event.blocker_issue_id,
        event.blocked_issue_id,
        event.occurred_at,
        event.is_added,
        event.was_added is null as is_first,
        lead(event.occurred_at) over (
            partition by event.blocker_issue_id, event.blocked_issue_id order by event.occurred_at, event.is_added
        ) as next_at,
        greatest(blocker.created_at, blocked.created_at) as since
    from {{ ref('int_link_event') }} as event
    inner join issue as blocker on event.blocker_issue_id = blocker.issue_id
    inner join issue as blocked on event.blocked_issue_id = blocked.issue_id
    where event.was_added is null or event.was_added <> event.is_added

)

-- What was removed without having been added was there from the beginning.
select
    blocker_issue_id,
    blocked_issue_id,
    occurred_at as valid_from,
    next_at as valid_to,
    false as is_backfilled
from change
where is_added
union all
select
    blocker_issue_id,
    blocked_issue_id,
    since as valid_from,
    occurred_at as valid_to,
    true as is_backfilled
from change
where is_first and not is_added
