-- One row per issue, single-valued field and period of one value; a field that never had a value has no rows.
-- Half-open periods without gaps from the issue's creation to its deletion, or without end (METRICS.md 1.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

issue as (

    select * from {{ ref('int_issue') }}

),

event as (

    select * from {{ ref('int_issue_field_event') }}

),

current_value as (

    select * from {{ ref('int_issue_current_value') }}

),

-- What held at creation: the value before the first change ever, also one after as_of; without any, the value now.
initial as (

    select
        event.issue_id,
        event.field,
        issue.created_at as valid_from,
        event.value_before as value,
        cast(0 as bigint) as event_no,
        case when event.source_event_id = 'observation' then 'creation_default' else event.provenance end as provenance,
        -- Before the first reading, and before the instant it tells, anything may have held.
        case
            when event.source_event_id in ('observation', 'resolution')
                then date_diff('second', issue.created_at, event.occurred_at)
            else cast(0 as bigint)
        end as precision_seconds
    from event
    inner join issue on event.issue_id = issue.issue_id
    where event.event_no = 1
    union all
    select
        issue.issue_id,
        current_value.field,
        issue.created_at as valid_from,
        current_value.value,
        cast(0 as bigint) as event_no,
        'creation_default' as provenance,
        -- With a complete history a value without events has stood since creation.
        case
            when issue.is_history_complete then cast(0 as bigint)
            else date_diff('second', issue.created_at, parameter.as_of)
        end as precision_seconds
    from current_value
    inner join issue on current_value.issue_id = issue.issue_id
    cross join parameter
    left join event
        on current_value.issue_id = event.issue_id and current_value.field = event.field and event.event_no = 1
    where event.issue_id is null

),

change as (

    select * from initial
    union all
    select
        issue_id,
        field,
        occurred_at as valid_from,
        value_after as value,
        event_no,
        provenance,
        precision_seconds
    from event
    where is_visible

),

-- The last write at an instant wins (T3); writing the same value again is no change.
last_write as (

    select
        *,
        lead(valid_from) over (partition by issue_id, field order by event_no) as next_write_at
    from change

),

ordered as (

    select
        *,
        row_number() over (partition by issue_id, field order by valid_from) as position_no,
        lag(value) over (partition by issue_id, field order by valid_from) as value_before
    from last_write
    where next_write_at is null or next_write_at > valid_from

),

period as (

    select
        *,
        lead(valid_from) over (partition by issue_id, field order by valid_from) as next_from
    from ordered
    where position_no = 1 or value is distinct from value_before

)

select
    period.issue_id,
    period.field,
    period.value,
    case
        when period.field = 'estimate_points' and regexp_matches(period.value, '^-?[0-9]+([.][0-9]+)?$')
            then cast(period.value as double)
    end as value_number,
    period.valid_from,
    least(period.next_from, issue.deleted_observed_at) as valid_to,
    period.next_from is null or coalesce(period.next_from >= issue.deleted_observed_at, false) as is_current,
    period.provenance,
    period.precision_seconds
from period
inner join issue on period.issue_id = issue.issue_id
-- Nothing is told of an issue after it was seen deleted.
where issue.deleted_observed_at is null or period.valid_from < issue.deleted_observed_at
