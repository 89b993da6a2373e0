-- One row per change of a field that we saw between two readings, for fields whose history the source does not keep.
with issue as (

    select * from {{ ref('int_issue') }}

),

cleared as (

    select * from {{ ref('int_iteration_clear') }}

),

reading as (

    select
        issue.issue_id,
        issue.created_at,
        -- An issue may be in several GitHub projects, each with iterations of its own.
        case
            when observation.field = 'sprint' then 'iteration:' || coalesce(observation.scope, '')
            else observation.field
        end as field,
        coalesce(observation.scope, '') as scope,
        observation.observed_at,
        nullif(observation.value, '') as value,
        observation.source_updated_at,
        lag(nullif(observation.value, '')) over (
            partition by observation.entity_id, observation.field, coalesce(observation.scope, '')
            order by observation.observed_at
        ) as value_before,
        coalesce(
            observation.previous_read_at,
            lag(observation.observed_at) over (
                partition by observation.entity_id, observation.field, coalesce(observation.scope, '')
                order by observation.observed_at
            )
        ) as read_before_at,
        row_number() over (
            partition by observation.entity_id, observation.field, coalesce(observation.scope, '')
            order by observation.observed_at
        ) as reading_no
    from {{ source('core', 'field_observation') }} as observation
    inner join issue on observation.entity_id = issue.issue_id
    where observation.entity_kind = 'issue'

),

judged as (

    select
        reading.*,
        reading.reading_no = 1 as is_first,
        -- The tracker's word on when a value was set counts if it lies between the two readings.
        coalesce(
            reading.source_updated_at > reading.read_before_at and reading.source_updated_at <= reading.observed_at,
            false
        ) as is_dated,
        cleared.kept_sprint_id
    from reading
    left join cleared
        on
            reading.issue_id = cleared.issue_id
            and reading.field = 'iteration:' || cleared.scope
            and reading.observed_at = cleared.observed_at
    -- A first reading without a value says nothing that another project's item could not say better.
    where
        (reading.reading_no = 1 and reading.value is not null)
        or (reading.reading_no > 1 and reading.value is distinct from reading.value_before)

)

select
    issue_id,
    field,
    'observation' as source_event_id,
    -- Several projects may hold a value for the same field of an issue; the one set last counts.
    row_number() over (
        partition by issue_id, field
        order by case when is_first then coalesce(source_updated_at, created_at) else observed_at end, scope, reading_no
    ) as item_ordinal,
    case
        -- The first reading tells the value, and at best since when; without that it counts from creation.
        when is_first then coalesce(source_updated_at, created_at)
        when is_dated then source_updated_at
        else observed_at
    end as occurred_at,
    value_before,
    coalesce(kept_sprint_id, value) as value_after,
    cast(null as text) as actor_person_id,
    case
        when kept_sprint_id is not null then 'kept_after_clear'
        when is_first and source_updated_at is null then 'creation_default'
        when is_first or is_dated then 'field_value_updated_at'
        else 'snapshot_diff'
    end as provenance,
    case
        when is_first and source_updated_at is null
            then greatest(cast(0 as bigint), date_diff('second', created_at, observed_at))
        -- That a value was taken away has no date of its own, only the last change of the project item.
        when is_dated and value is null then date_diff('second', read_before_at, source_updated_at)
        when is_first or is_dated then cast(0 as bigint)
        else date_diff('second', read_before_at, observed_at)
    end as precision_seconds
from judged
