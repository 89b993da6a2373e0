-- One row per scope and day on which something was delivered in the four weeks up to it: how much of that kept the
-- expectation of four weeks before, the 85th percentile of then (METRICS.md 3.2).
with expectation as (

    select
        scope_type,
        scope_id,
        date + 28 as date,
        cycle_time_p85_s as sle_s
    from {{ ref('int_flow_percentile_daily') }}
    where cycle_time_p85_s is not null

),

delivered as (

    select
        scope.scope_type,
        scope.scope_id,
        cast(timezone(scope.timezone, cycle.finished_at) as date) as finished_date,
        cycle.flow_cycle_time_s
    from {{ ref('int_issue_cycle') }} as cycle
    inner join {{ ref('int_issue_flow_scope') }} as issue_scope
        on
            cycle.issue_id = issue_scope.issue_id
            and cycle.finished_at >= issue_scope.valid_from
            and (issue_scope.valid_to is null or cycle.finished_at < issue_scope.valid_to)
    inner join {{ ref('int_flow_scope') }} as scope
        on issue_scope.scope_type = scope.scope_type and issue_scope.scope_id = scope.scope_id
    where cycle.is_in_flow_scope and cycle.flow_cycle_time_s is not null

)

select
    expectation.scope_type,
    expectation.scope_id,
    expectation.date,
    expectation.sle_s,
    count(*) as delivered_count,
    count(*) filter (where delivered.flow_cycle_time_s <= expectation.sle_s) / cast(count(*) as double)
        as sle_attainment
from expectation
inner join delivered
    on
        expectation.scope_type = delivered.scope_type
        and expectation.scope_id = delivered.scope_id
        and expectation.date >= delivered.finished_date
        and expectation.date < delivered.finished_date + 28
group by expectation.scope_type, expectation.scope_id, expectation.date, expectation.sle_s
