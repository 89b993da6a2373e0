-- One row per issue, single-valued field and period of one value; a field that never had a value has no rows.
-- Half-open periods without gaps from the issue's creation to its deletion, or without end (METRICS.md 1.2).
with issue as (

    select * from {{ ref('int_issue') }}

),

-- The last write at an instant wins (T3); writing the same value again is no change.
last_write as (

    select
        *,
        lead(valid_from) over (partition by issue_id, field order by event_no) as next_write_at
    from {{ ref('int_issue_field_write') }}

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
    -- What an edit of the field would have taken away begins a period of its own, which says so.
    where position_no = 1 or value is distinct from value_before or provenance = 'kept_after_clear'

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
