-- One row per sprint, release or board, field without history and value we saw, with the period in which it held:
-- planned dates that were moved, iterations, estimation fields. A change is known to the gap between two readings, or
-- to the instant the tracker tells if that lies in it; the first value seen counts from the beginning.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

reading as (

    select
        observation.entity_kind,
        observation.entity_id,
        observation.instance,
        observation.field,
        observation.scope,
        observation.value,
        observation.observed_at,
        coalesce(observation.previous_read_at, lag(observation.observed_at) over spell) as read_before_at,
        observation.source_updated_at,
        lag(observation.value) over spell as value_before,
        row_number() over spell as reading_no
    from {{ source('core', 'field_observation') }} as observation
    cross join parameter
    where observation.entity_kind <> 'issue' and observation.observed_at <= parameter.as_of
    window spell as (
        partition by observation.entity_id, observation.field, coalesce(observation.scope, '')
        order by observation.observed_at
    )

),

change as (

    select
        *,
        reading_no = 1 as is_backfilled,
        coalesce(source_updated_at > read_before_at and source_updated_at <= observed_at, false) as is_dated
    from reading
    where reading_no = 1 or value is distinct from value_before

),

dated as (

    select
        *,
        case
            when is_backfilled then timestamptz '1970-01-01 00:00:00+00:00'
            when is_dated then source_updated_at
            else observed_at
        end as valid_from
    from change

)

select
    entity_kind,
    entity_id,
    instance,
    field,
    scope,
    value,
    valid_from,
    lead(valid_from) over (
        partition by entity_id, field, coalesce(scope, '') order by valid_from, observed_at
    ) as valid_to,
    observed_at,
    is_backfilled,
    case
        when is_backfilled then 'creation_default'
        when is_dated then 'field_value_updated_at'
        else 'snapshot_diff'
    end as provenance,
    -- Null: before the first reading anything may have held.
    case
        when is_backfilled then cast(null as bigint)
        when is_dated then date_diff('second', read_before_at, source_updated_at)
        else date_diff('second', read_before_at, observed_at)
    end as precision_seconds
from dated
