-- One row per project or program with dependencies and day: how many were active at its end (METRICS.md 4.2, T6).
with bound as (

    select distinct
        scope_type,
        scope_id,
        first_date,
        last_date
    from {{ ref('int_dependency_scope_day') }}

),

-- What happened before the first day is there on it.
moved as (

    select
        change.scope_type,
        change.scope_id,
        change.counted,
        greatest(change.date, bound.first_date) as date,
        change.begun_count - change.ended_count as difference,
        case when change.date >= bound.first_date then change.begun_count else 0 end as begun_count,
        case when change.date >= bound.first_date then change.ended_count else 0 end as ended_count
    from {{ ref('int_dependency_scope_change') }} as change
    inner join bound on change.scope_type = bound.scope_type and change.scope_id = bound.scope_id
    where change.date <= bound.last_date

),

daily as (

    select
        day.scope_type,
        day.scope_id,
        day.date,
        sum(case when moved.counted = 'waiting edge' then moved.difference else 0 end) as waiting,
        sum(case when moved.counted = 'holding edge' then moved.difference else 0 end) as holding,
        sum(case when moved.counted = 'active blocker' then moved.difference else 0 end) as blocker,
        sum(case when moved.counted = 'blocked issue' then moved.difference else 0 end) as blocked,
        sum(case when moved.counted = 'waiting edge' then moved.begun_count else 0 end) as begun,
        sum(case when moved.counted = 'waiting edge' then moved.ended_count else 0 end) as ended
    from {{ ref('int_dependency_scope_day') }} as day
    left join moved
        on day.scope_type = moved.scope_type and day.scope_id = moved.scope_id and day.date = moved.date
    group by day.scope_type, day.scope_id, day.date

)

select
    daily.scope_type,
    daily.scope_id,
    daily.date,
    cast(sum(daily.waiting) over so_far as bigint) as waiting_count,
    cast(sum(daily.holding) over so_far as bigint) as holding_count,
    cast(sum(daily.blocker) over so_far as bigint) as active_blocker_count,
    cast(sum(daily.blocked) over so_far as bigint) as blocked_issue_count,
    cast(daily.begun as bigint) as begun_count,
    cast(daily.ended as bigint) as ended_count,
    parameter.as_of,
    parameter.config_version
from daily
cross join {{ source('ops', 'build_parameter') }} as parameter
window so_far as (
    partition by daily.scope_type, daily.scope_id order by daily.date rows between unbounded preceding and current row
)
