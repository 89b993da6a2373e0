-- One row per scope and day that is measured with Little's law over the forecast.history_days up to it: mean work in
-- progress, departures, mean cycle time, and how far the first is from the product of the others (METRICS.md 3.2).
with window_size as (

    select cast(value as integer) as days from {{ source('ops', 'setting_value') }}
    where setting = 'forecast.history_days'

),

total as (

    select
        *,
        -- Item-seconds between start and finish up to the end of the day, and the ages of what is open then.
        wip_span * day_end_s - moment_s as area_s,
        wip_span * day_end_s - start_moment_s as age_s
    from {{ ref('int_flow_span_daily') }}

),

-- With the day on which the window ends that begins after it, so that the two are found by equality.
window_start as (

    select
        total.*,
        window_size.days,
        total.date + window_size.days as window_end_date
    from total
    cross join window_size

),

difference as (

    select
        last.scope_type,
        last.scope_id,
        last.date,
        first.days,
        last.wip_span,
        last.wip_span - first.wip_span as wip_growth,
        cast(last.day_end_s - first.day_end_s as double) as window_s,
        cast(last.area_s - first.area_s as double) as area_s,
        cast(last.cycle_s - first.cycle_s as double) as cycle_s,
        last.departed_count - first.departed_count as departed_count,
        last.age_s / cast(nullif(last.wip_span, 0) as double)
        - first.age_s / cast(nullif(first.wip_span, 0) as double) as age_growth_s
    from total as last
    inner join window_start as first
        on
            last.scope_type = first.scope_type
            and last.scope_id = first.scope_id
            and last.date = first.window_end_date

)

select
    scope_type,
    scope_id,
    date,
    wip_span,
    area_s / window_s as mean_wip,
    departed_count / cast(days as double) as departures_per_day,
    cycle_s / nullif(departed_count, 0) as mean_cycle_time_s,
    abs(area_s - cycle_s) / nullif(area_s, 0) as little_residual,
    wip_growth,
    age_growth_s
from difference
