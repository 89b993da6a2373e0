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

    select * from {{ ref('int_flow_delivery') }}
    where flow_cycle_time_s is not null

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
