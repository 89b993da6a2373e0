-- One row per change of a single-valued field of an issue, oldest first, from the best source there is for that field:
-- the tracker's history, else what we saw between two readings, else the instant at which a done issue was resolved.
-- GitHub has two statuses at once: the issue's own (field state) and that of its project item (field item_status). Its
-- history tells of milestones only, so there they are a field apart from the iteration (field sprint).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

issue as (

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
        case
            when issue.source = 'github' and event.field = 'sprint' then 'milestone'
            when issue.source <> 'github' or event.field <> 'status' then event.field
            when coalesce(event.to_raw, event.from_raw) like 'github:%:status:%:%' then 'item_status'
            else 'state'
        end as field,
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
        event.provenance,
        cast(0 as bigint) as precision_seconds
    from {{ source('core', 'issue_field_event') }} as event
    inner join issue on event.issue_id = issue.issue_id
    -- Fields with several values at once are in int_issue_member_interval.
    where event.field not in ('link', 'fix_version') and not (issue.source = 'github' and event.field = 'labels')

),

recorded_field as (

    select distinct
        issue_id,
        field
    from recorded

),

resolved as (

    select
        issue.issue_id,
        case when issue.source = 'github' then 'state' else 'status' end as field,
        'resolution' as source_event_id,
        cast(0 as bigint) as item_ordinal,
        issue.resolved_at as occurred_at,
        cast(null as text) as value_before,
        issue.status_id as value_after,
        cast(null as text) as actor_person_id,
        'creation_default' as provenance,
        cast(0 as bigint) as precision_seconds
    from issue
    inner join {{ source('core', 'status') }} as status on issue.status_id = status.status_id
    where status.category = 'done' and issue.resolved_at > issue.created_at

),

guessed as (

    select * from {{ ref('int_issue_observed_event') }}
    union all
    select * from resolved

),

event as (

    select * from recorded
    union all
    select guessed.*
    from guessed
    left join recorded_field on guessed.issue_id = recorded_field.issue_id and guessed.field = recorded_field.field
    where recorded_field.issue_id is null

)

select
    event.issue_id,
    event.field,
    event.source_event_id,
    event.item_ordinal,
    -- Imported history may be older than the issue; its life starts with its creation all the same.
    greatest(event.occurred_at, issue.created_at) as occurred_at,
    event.value_before,
    event.value_after,
    event.actor_person_id,
    event.provenance,
    event.precision_seconds,
    greatest(event.occurred_at, issue.created_at) <= parameter.as_of as is_visible,
    row_number() over (
        partition by event.issue_id, event.field
        -- Ids of history entries are numbers written as text: shorter is smaller.
        order by event.occurred_at, length(event.source_event_id), event.source_event_id, event.item_ordinal
    ) as event_no
from event
inner join issue on event.issue_id = issue.issue_id
cross join parameter
