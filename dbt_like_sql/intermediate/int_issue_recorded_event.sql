-- One row per change of a single-valued field as the tracker's history tells it. A done issue without any history of
-- its status moved there when it was resolved.
with issue as (

    select
        int_issue.issue_id,
        int_issue.source,
        int_issue.created_at,
        core_issue.status_id,
        core_issue.resolved_at
    from {{ ref('int_issue') }} as int_issue
    inner join {{ source('core', 'issue') }} as core_issue on int_issue.issue_id = core_issue.issue_id

),

recorded as (

    select
        issue.issue_id,
        -- GitHub's history knows milestones only; iterations are read with the project items.
        case when issue.source = 'github' and event.field = 'sprint' then 'milestone' else event.field end as field,
        event.source_event_id,
        event.item_ordinal,
        event.occurred_at,
        -- Names are compared and shown for these fields, ids for all others; numbers and dates often come as text only.
        case
            when event.field in ('priority', 'resolution', 'labels', 'type', 'key')
                then coalesce(nullif(event.from_text, ''), nullif(event.from_raw, ''))
            else coalesce(nullif(event.from_raw, ''), nullif(event.from_text, ''))
        end as value_before,
        case
            when event.field in ('priority', 'resolution', 'labels', 'type', 'key')
                then coalesce(nullif(event.to_text, ''), nullif(event.to_raw, ''))
            else coalesce(nullif(event.to_raw, ''), nullif(event.to_text, ''))
        end as value_after,
        event.actor_person_id,
        event.provenance
    from {{ source('core', 'issue_field_event') }} as event
    inner join issue on event.issue_id = issue.issue_id
    -- Links and releases come and go one by one: see int_link_event and int_issue_version_interval.
    where event.field not in ('link', 'fix_version')

),

resolved as (

    select
        issue.issue_id,
        'status' as field,
        'resolution' as source_event_id,
        cast(0 as bigint) as item_ordinal,
        issue.resolved_at as occurred_at,
        cast(null as text) as value_before,
        issue.status_id as value_after,
        cast(null as text) as actor_person_id,
        'creation_default' as provenance
    from issue
    inner join {{ source('core', 'status') }} as status on issue.status_id = status.status_id
    where
        status.category = 'done'
        and issue.resolved_at > issue.created_at
        and issue.issue_id not in (
            select recorded.issue_id from recorded
            where recorded.field = 'status'
        )

)

select
    *,
    cast(0 as bigint) as precision_seconds
from recorded
union all
select
    *,
    cast(0 as bigint) as precision_seconds
from resolved
