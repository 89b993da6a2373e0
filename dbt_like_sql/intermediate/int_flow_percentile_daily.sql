-- One row per scope and day with the cycle times of what was delivered in the history_days up to that day. Percentiles
-- are by nearest rank (cont: interpolated), and null below the minimal sample (METRICS.md 3.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

delivered as (

    select
        delivery.scope_type,
        delivery.scope_id,
        scope.first_date,
        scope.last_date,
        delivery.finished_date,
        delivery.flow_cycle_time_s,
        delivery.active_time_s,
        delivery.cycle_time_s,
        delivery.flow_class
    from {{ ref('int_flow_delivery') }} as delivery
    inner join {{ ref('int_flow_scope') }} as scope
        on delivery.scope_type = scope.scope_type and delivery.scope_id = scope.scope_id

),

-- Each delivery counts on its own day and the history_days - 1 after it.
sampled as (

    select
        delivered.scope_type,
        delivered.scope_id,
        cast(day.midnight as date) as date,
        delivered.flow_cycle_time_s,
        delivered.active_time_s,
        delivered.cycle_time_s,
        delivered.flow_class
    from delivered
    cross join parameter
    cross join
        generate_series(
            cast(greatest(delivered.finished_date, delivered.first_date) as timestamp),
            cast(
                least(delivered.finished_date + cast(parameter.history_days as integer) - 1, delivered.last_date)
                as timestamp
            ),
            interval '1 day'
        ) as day (midnight)

),

measured as (

    select
        scope_type,
        scope_id,
        date,
        count(*) as cycle_sample_count,
        count(*) filter (where flow_class = 'feature') as feature_count,
        count(*) filter (where flow_class = 'defect') as defect_count,
        count(*) filter (where flow_class = 'risk') as risk_count,
        count(*) filter (where flow_class = 'debt') as debt_count,
        percentile_disc(0.5) within group (order by flow_cycle_time_s) as p50_s,
        percentile_disc(0.85) within group (order by flow_cycle_time_s) as p85_s,
        percentile_disc(0.95) within group (order by flow_cycle_time_s) as p95_s,
        percentile_cont(0.5) within group (order by flow_cycle_time_s) as p50_cont_s,
        percentile_cont(0.85) within group (order by flow_cycle_time_s) as p85_cont_s,
        percentile_cont(0.95) within group (order by flow_cycle_time_s) as p95_cont_s,
        -- All active time over all elapsed time, not a mean of ratios.
        sum(active_time_s) / cast(nullif(sum(cycle_time_s), 0) as double) as flow_efficiency
    from sampled
    group by scope_type, scope_id, date

)

select
    measured.scope_type,
    measured.scope_id,
    measured.date,
    measured.cycle_sample_count,
    measured.feature_count,
    measured.defect_count,
    measured.risk_count,
    measured.debt_count,
    case when measured.cycle_sample_count >= parameter.min_sample then measured.p50_s end as cycle_time_p50_s,
    case when measured.cycle_sample_count >= parameter.min_sample then measured.p85_s end as cycle_time_p85_s,
    case when measured.cycle_sample_count >= parameter.min_sample then measured.p95_s end as cycle_time_p95_s,
    case when measured.cycle_sample_count >= parameter.min_sample then measured.p50_cont_s end as cycle_time_p50_cont_s,
    case when measured.cycle_sample_count >= parameter.min_sample then measured.p85_cont_s end as cycle_time_p85_cont_s,
    case when measured.cycle_sample_count >= parameter.min_sample then measured.p95_cont_s end as cycle_time_p95_cont_s,
    measured.flow_efficiency
from measured
cross join parameter
