-- One row per scope, role and thing counted (edge, blocker or blocked issue) with each period, overlaps joined, in
-- which a dependency of the scope was active.
with reached as (

    select
        *,
        max(valid_to) over (
            partition by scope_type, scope_id, counted, counted_id order by valid_from, valid_to
            rows between unbounded preceding and 1 preceding
        ) as reached_to
    from {{ ref('int_dependency_scope_period') }}

),

grouped as (

    select
        *,
        sum(case when reached_to >= valid_from then 0 else 1 end) over (
            partition by scope_type, scope_id, counted, counted_id order by valid_from, valid_to
            rows between unbounded preceding and current row
        ) as group_no
    from reached

)

select
    scope_type,
    scope_id,
    counted,
    counted_id,
    min(valid_from) as valid_from,
    case when max(valid_to) < timestamptz '9999-01-01 00:00:00+00:00' then max(valid_to) end as valid_to
from grouped
group by scope_type, scope_id, counted, counted_id, group_no
