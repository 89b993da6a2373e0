-- One row per project, program or team and local day: work in progress, throughput, arrivals and cycle times, for the
-- last history_days complete days (METRICS.md 3.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

stability as (

    select cast(value as double) as residual_warn from {{ source('ops', 'setting_value') }}
    where setting = 'flow.little_residual_warn'

)

select
    counted.scope_type,
    counted.scope_id,
    counted.date,
    cast(counted.wip as bigint) as wip,
    counted.throughput_1d,
    cast(counted.throughput_7d as bigint) as throughput_7d,
    counted.arrivals_1d,
    cast(counted.arrivals_7d as bigint) as arrivals_7d,
    counted.created_1d,
    counted.throughput_first_done_1d,
    coalesce(percentile.cycle_sample_count, 0) as cycle_sample_count,
    percentile.cycle_time_p50_s,
    percentile.cycle_time_p85_s,
    percentile.cycle_time_p95_s,
    percentile.cycle_time_p50_cont_s,
    percentile.cycle_time_p85_cont_s,
    percentile.cycle_time_p95_cont_s,
    coalesce(percentile.cycle_sample_count, 0) < parameter.min_sample as is_low_sample,
    percentile.flow_efficiency,
    coalesce(percentile.feature_count, 0) as feature_count,
    coalesce(percentile.defect_count, 0) as defect_count,
    coalesce(percentile.risk_count, 0) as risk_count,
    coalesce(percentile.debt_count, 0) as debt_count,
    sle.sle_s,
    sle.sle_attainment,
    little.wip_span,
    little.mean_wip,
    little.departures_per_day,
    little.mean_cycle_time_s,
    little.little_residual,
    little.wip_growth,
    little.age_growth_s,
    little.little_residual <= stability.residual_warn as is_stable,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_flow_count_daily') }} as counted
cross join parameter
cross join stability
left join {{ ref('int_flow_percentile_daily') }} as percentile
    on
        counted.scope_type = percentile.scope_type
        and counted.scope_id = percentile.scope_id
        and counted.date = percentile.date
left join {{ ref('int_flow_sle_daily') }} as sle
    on counted.scope_type = sle.scope_type and counted.scope_id = sle.scope_id and counted.date = sle.date
left join {{ ref('int_flow_little_daily') }} as little
    on counted.scope_type = little.scope_type and counted.scope_id = little.scope_id and counted.date = little.date
where counted.date >= counted.first_date
