-- One row per project, program or team and local day: work in progress, throughput, arrivals and cycle times, for the
-- last history_days complete days (METRICS.md 3.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

scope as (

    select * from {{ ref('int_flow_scope') }}

),

-- Six days more, so that the first week has all its days.
spine as (

    select
        scope.scope_type,
        scope.scope_id,
        scope.first_date,
        scope.last_date,
        cast(day.midnight as date) as date
    from scope
    cross join
        generate_series(
            cast(scope.first_date - 6 as timestamp), cast(scope.last_date as timestamp), interval '1 day'
        ) as day (midnight)

),

event as (

    select * from {{ ref('int_flow_event_daily') }}

),

opening as (

    select
        event.scope_type,
        event.scope_id,
        sum(event.wip_change) as wip
    from event
    inner join scope on event.scope_type = scope.scope_type and event.scope_id = scope.scope_id
    where event.date < scope.first_date - 6
    group by event.scope_type, event.scope_id

),

counted as (

    select
        spine.scope_type,
        spine.scope_id,
        spine.first_date,
        spine.date,
        coalesce(opening.wip, 0)
        + sum(coalesce(event.wip_change, 0)) over (
            partition by spine.scope_type, spine.scope_id order by spine.date
        ) as wip,
        coalesce(event.delivered_count, 0) as throughput_1d,
        coalesce(event.started_count, 0) as arrivals_1d,
        coalesce(event.created_count, 0) as created_1d,
        sum(coalesce(event.delivered_count, 0)) over (
            partition by spine.scope_type, spine.scope_id order by spine.date
            rows between 6 preceding and current row
        ) as throughput_7d,
        sum(coalesce(event.started_count, 0)) over (
            partition by spine.scope_type, spine.scope_id order by spine.date
            rows between 6 preceding and current row
        ) as arrivals_7d
    from spine
    left join event
        on
            spine.scope_type = event.scope_type
            and spine.scope_id = event.scope_id
            and spine.date = event.date
    left join opening on spine.scope_type = opening.scope_type and spine.scope_id = opening.scope_id

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
    coalesce(percentile.cycle_sample_count, 0) as cycle_sample_count,
    percentile.cycle_time_p50_s,
    percentile.cycle_time_p85_s,
    percentile.cycle_time_p95_s,
    coalesce(percentile.cycle_sample_count, 0) < parameter.min_sample as is_low_sample,
    percentile.flow_efficiency,
    parameter.as_of,
    parameter.config_version
from counted
cross join parameter
left join {{ ref('int_flow_percentile_daily') }} as percentile
    on
        counted.scope_type = percentile.scope_type
        and counted.scope_id = percentile.scope_id
        and counted.date = percentile.date
where counted.date >= counted.first_date
