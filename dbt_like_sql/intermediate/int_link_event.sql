-- One row per change of a dependency told by the history of either of its issues: predecessor, successor, instant.
with current_edge as (

    select
        blocker_issue_id as issue_id,
        blocked_issue_id as other_issue_id,
        blocker_issue_id,
        blocked_issue_id
    from {{ ref('int_link_endpoint') }}
    where edge_type = 'blocks'
    union
    select
        blocked_issue_id as issue_id,
        blocker_issue_id as other_issue_id,
        blocker_issue_id,
        blocked_issue_id
    from {{ ref('int_link_endpoint') }}
    where edge_type = 'blocks'

),

event as (

    select
        event.issue_id,
        event.instance,
        greatest(event.occurred_at, issue.created_at) as occurred_at,
        lower(coalesce(nullif(event.to_raw, ''), nullif(event.from_raw, ''))) as ref,
        lower(coalesce(nullif(event.to_text, ''), nullif(event.from_text, ''))) as words,
        nullif(event.to_raw, '') is not null as is_added
    from {{ source('core', 'issue_field_event') }} as event
    inner join {{ ref('int_issue') }} as issue on event.issue_id = issue.issue_id
    where event.field = 'link'

),

named as (

    select
        event.issue_id,
        coalesce(same_tracker.issue_id, other_tracker.issue_id) as other_issue_id,
        event.occurred_at,
        event.is_added,
        -- The sentence tells the direction: This issue is blocked by PAY-12.
        case
            when event.words like '%blocked by%' or event.words like '%depends on%' or event.words like '%requires%'
                then 'blocked'
            when event.words like '%blocks%' or event.words like '%depended on%' or event.words like '%required by%'
                then 'blocker'
            when
                event.words like '%relate%'
                or event.words like '%duplicat%'
                or event.words like '%clone%'
                or event.words like '%cause%'
                or event.words like '%split%'
                or event.words like '%parent%'
                then 'none'
        end as role
    from event
    left join {{ ref('int_issue_reference') }} as same_tracker
        on event.ref = same_tracker.ref and event.instance = same_tracker.instance
    left join {{ ref('int_issue_reference') }} as other_tracker
        on event.ref = other_tracker.ref and other_tracker.is_unambiguous

),

directed as (

    select
        case when role = 'blocker' then issue_id else other_issue_id end as blocker_issue_id,
        case when role = 'blocker' then other_issue_id else issue_id end as blocked_issue_id,
        occurred_at,
        is_added
    from named
    where role in ('blocker', 'blocked') and other_issue_id is not null
    union
    -- Words of a link type we do not know: the dependency that is there now tells the direction.
    select
        current_edge.blocker_issue_id,
        current_edge.blocked_issue_id,
        named.occurred_at,
        named.is_added
    from named
    inner join current_edge
        on named.issue_id = current_edge.issue_id and named.other_issue_id = current_edge.other_issue_id
    where named.role is null

)

select
    blocker_issue_id,
    blocked_issue_id,
    occurred_at,
    is_added,
    -- Both issues tell the same change, sometimes a moment apart.
    lag(is_added) over (
        partition by blocker_issue_id, blocked_issue_id order by occurred_at, is_added
    ) as was_added
from directed
