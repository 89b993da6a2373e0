-- One row per dependency (edge of type blocks) and period in which it was recorded.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

issue as (

    select
        issue_id,
        created_at
    from {{ ref('int_issue') }}

),

current_edge as (

    select
        endpoint.blocker_issue_id,
        endpoint.blocked_issue_id,
        -- When both issues existed; the clock of the record moves with every change and says nothing of the link.
        max(
            coalesce(
                greatest(blocker.created_at, blocked.created_at), timestamptz '1970-01-01 00:00:00+00:00'
            )
        ) as since
    from {{ ref('int_link_endpoint') }} as endpoint
    left join issue as blocker on endpoint.blocker_issue_id = blocker.issue_id
    left join issue as blocked on endpoint.blocked_issue_id = blocked.issue_id
    where endpoint.edge_type = 'blocks'
    group by endpoint.blocker_issue_id, endpoint.blocked_issue_id

),

told as (

    select * from {{ ref('int_dependency_history') }}

),

last_change as (

    select
        blocker_issue_id,
        blocked_issue_id,
        max(coalesce(valid_to, valid_from)) as occurred_at,
        bool_or(valid_to is null) as is_open
    from told
    group by blocker_issue_id, blocked_issue_id

),

period as (

    select told.*
    from told
    left join current_edge
        on
            told.blocker_issue_id = current_edge.blocker_issue_id
            and told.blocked_issue_id = current_edge.blocked_issue_id
    -- Added, never removed, and yet not there any more: nobody knows until when.
    where told.valid_to is not null or current_edge.blocker_issue_id is not null
    union all
    select
        current_edge.blocker_issue_id,
        current_edge.blocked_issue_id,
        coalesce(last_change.occurred_at, current_edge.since) as valid_from,
        cast(null as timestamptz) as valid_to,
        true as is_backfilled
    from current_edge
    left join last_change
        on
            current_edge.blocker_issue_id = last_change.blocker_issue_id
            and current_edge.blocked_issue_id = last_change.blocked_issue_id
    where last_change.is_open is null or not last_change.is_open

)

select
    period.blocker_issue_id,
    period.blocked_issue_id,
    period.valid_from,
    case when period.valid_to <= parameter.as_of then period.valid_to end as valid_to,
    period.is_backfilled
from period
cross join parameter
where
    period.valid_from <= parameter.as_of
    and (period.valid_to is null or period.valid_from < period.valid_to)
