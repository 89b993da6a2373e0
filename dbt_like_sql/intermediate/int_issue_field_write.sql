-- One row per issue, single-valued field and value it was given, in order: at its creation (event_no 0) or by a change.
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
        -- Before the first reading, and before the instant it tells, anything may have held; so before the first change
        -- that an incomplete history tells.
        case
            when event.source_event_id in ('observation', 'resolution') or not issue.is_history_complete
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
        -- With a complete history a value without events has stood since creation; but a sub-task follows its parent
        -- from sprint to sprint, and its own history does not tell. It held when it was read.
        case
            when issue.is_history_complete and not (issue.is_subtask and current_value.field = 'sprint')
                then cast(0 as bigint)
            else greatest(
                date_diff('second', issue.created_at, least(parameter.as_of, issue.synced_at)), cast(0 as bigint)
            )
        end as precision_seconds
    from current_value
    inner join issue on current_value.issue_id = issue.issue_id
    cross join parameter
    left join event
        on current_value.issue_id = event.issue_id and current_value.field = event.field and event.event_no = 1
    where event.issue_id is null

)

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
