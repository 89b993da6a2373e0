-- One row per scope and day, from forecast.history_days before the first day that is measured, with running totals of
-- work between start and finish, for issues at story level that were not deleted. Moments are in seconds since 2000.
with window_size as (

    select cast(value as integer) as days from {{ source('ops', 'setting_value') }}
    where setting = 'forecast.history_days'

),

event as (

    select
        span.scope_type,
        span.scope_id,
        span.started_at,
        side.arrived,
        1 - side.arrived as departed,
        case when side.arrived = 1 then span.started_at else span.finished_at end as occurred_at
    from {{ ref('int_flow_span') }} as span
    cross join (values (1), (0)) as side (arrived)
    where side.arrived = 1 or span.finished_at is not null

),

dated as (

    select
        scope.scope_type,
        scope.scope_id,
        greatest(
            cast(timezone(scope.timezone, event.occurred_at) as date), scope.first_date - window_size.days
        ) as date,
        event.arrived,
        event.departed,
        date_diff('second', timestamptz '2000-01-01 00:00:00+00:00', event.occurred_at) as occurred_s,
        date_diff('second', timestamptz '2000-01-01 00:00:00+00:00', event.started_at) as started_s
    from event
    inner join {{ ref('int_flow_scope') }} as scope
        on event.scope_type = scope.scope_type and event.scope_id = scope.scope_id
    cross join window_size

),

daily as (

    select
        scope_type,
        scope_id,
        date,
        sum(arrived - departed) as wip,
        sum(departed) as departed,
        sum((arrived - departed) * occurred_s) as moment,
        sum((arrived - departed) * started_s) as start_moment,
        sum(departed * (occurred_s - started_s)) as cycle_s
    from dated
    group by scope_type, scope_id, date

),

spine as (

    select
        scope.scope_type,
        scope.scope_id,
        scope.timezone,
        day.midnight
    from {{ ref('int_flow_scope') }} as scope
    cross join window_size
    cross join
        generate_series(
            cast(scope.first_date - window_size.days as timestamp), cast(scope.last_date as timestamp),
            interval '1 day'
        ) as day (midnight)

)

select
    spine.scope_type,
    spine.scope_id,
    cast(spine.midnight as date) as date,
    date_diff(
        'second', timestamptz '2000-01-01 00:00:00+00:00', timezone(spine.timezone, spine.midnight + interval '1 day')
    ) as day_end_s,
    cast(sum(coalesce(daily.wip, 0)) over up_to_day as bigint) as wip_span,
    cast(sum(coalesce(daily.departed, 0)) over up_to_day as bigint) as departed_count,
    cast(sum(coalesce(daily.moment, 0)) over up_to_day as bigint) as moment_s,
    cast(sum(coalesce(daily.start_moment, 0)) over up_to_day as bigint) as start_moment_s,
    cast(sum(coalesce(daily.cycle_s, 0)) over up_to_day as bigint) as cycle_s
from spine
left join daily
    on
        spine.scope_type = daily.scope_type
        and spine.scope_id = daily.scope_id
        and cast(spine.midnight as date) = daily.date
window up_to_day as (partition by spine.scope_type, spine.scope_id order by spine.midnight)
