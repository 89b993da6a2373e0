-- One row per scope and local day that is measured: work in progress, arrivals and throughput of the day and the week
-- up to it (METRICS.md 3.2). Days without any event count.
with scope as (

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

)

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
    coalesce(event.first_done_count, 0) as throughput_first_done_1d,
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
