-- One row per change of a single-valued field of an issue, in order, from the best source there is for that field.
-- The tracker's history wins; what we saw between readings fills fields without any. A GitHub issue's status has both:
-- its history, and the column of its project item, which counts while the issue is not closed.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

recorded as (

    select * from {{ ref('int_issue_recorded_event') }}

),

observed as (

    select * from {{ ref('int_issue_observed_event') }}

),

recorded_field as (

    select distinct
        issue_id,
        field
    from recorded

),

current_value as (

    select * from {{ ref('int_issue_current_value') }}

),

recorded_status as (

    select
        issue_id,
        value_before,
        value_after,
        occurred_at,
        lag(occurred_at) over (
            partition by issue_id order by occurred_at, length(source_event_id), source_event_id, item_ordinal
        ) is null as is_first,
        lead(occurred_at) over (
            partition by issue_id order by occurred_at, length(source_event_id), source_event_id, item_ordinal
        ) as next_at
    from recorded
    where field = 'status'

),

observed_status as (

    select
        observed.*,
        coalesce(earliest.value_before, current_value.value) as first_status_id,
        coalesce(preceding.value_after, earliest.value_before, current_value.value) as recorded_status_id
    from observed
    left join recorded_status as preceding
        on
            observed.issue_id = preceding.issue_id
            and observed.occurred_at >= preceding.occurred_at
            and observed.occurred_at < coalesce(preceding.next_at, timestamptz '9999-01-01 00:00:00+00:00')
    left join recorded_status as earliest on observed.issue_id = earliest.issue_id and earliest.is_first
    left join current_value on observed.issue_id = current_value.issue_id and current_value.field = 'status'
    where observed.field = 'status' and observed.value_after is not null

),

event as (

    select * from recorded
    union all
    select
        issue_id,
        field,
        source_event_id,
        item_ordinal,
        occurred_at,
        -- Before it was put in a column it had the status that its own history tells.
        coalesce(value_before, first_status_id) as value_before,
        value_after,
        actor_person_id,
        provenance,
        precision_seconds
    from observed_status
    where coalesce(recorded_status_id, '') not like 'github:%:status:closed'
    union all
    select observed.*
    from observed
    left join recorded_field on observed.issue_id = recorded_field.issue_id and observed.field = recorded_field.field
    left join current_value on observed.issue_id = current_value.issue_id and observed.field = current_value.field
    where observed.field <> 'status' and recorded_field.issue_id is null and current_value.issue_id is null

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
inner join {{ ref('int_issue') }} as issue on event.issue_id = issue.issue_id
cross join parameter
