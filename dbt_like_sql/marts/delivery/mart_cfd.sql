-- One row per project, program or team, local day and stage: how many issues ever got as far, and how many are in the
-- stage at the end of the day, for the last history_days complete days (METRICS.md 3.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

scope as (

    select * from {{ ref('int_flow_scope') }}

),

change as (

    select * from {{ ref('int_flow_stage_daily') }}

),

-- The three that every chart has, and others only where something ever was in them.
stage as (

    select
        scope.scope_type,
        scope.scope_id,
        named.stage
    from scope
    cross join (values ('todo'), ('in_progress'), ('done')) as named (stage)
    union
    select distinct
        scope_type,
        scope_id,
        stage
    from change

),

spine as (

    select
        stage.scope_type,
        stage.scope_id,
        stage.stage,
        cast(day.midnight as date) as date
    from stage
    inner join scope on stage.scope_type = scope.scope_type and stage.scope_id = scope.scope_id
    cross join
        generate_series(
            cast(scope.first_date as timestamp), cast(scope.last_date as timestamp), interval '1 day'
        ) as day (midnight)

),

opening as (

    select
        change.scope_type,
        change.scope_id,
        change.stage,
        sum(change.entered_count) as entered_count,
        sum(change.stock_change) as stock
    from change
    inner join scope on change.scope_type = scope.scope_type and change.scope_id = scope.scope_id
    where change.date < scope.first_date
    group by change.scope_type, change.scope_id, change.stage

)

select
    spine.scope_type,
    spine.scope_id,
    spine.date,
    spine.stage,
    case spine.stage when 'todo' then 0 when 'in_progress' then 1 when 'done' then 2 else 3 end as stage_ordinal,
    cast(
        coalesce(opening.entered_count, 0) + sum(coalesce(change.entered_count, 0)) over (
            partition by spine.scope_type, spine.scope_id, spine.stage order by spine.date
        ) as bigint
    ) as cum_entered,
    cast(
        coalesce(opening.stock, 0) + sum(coalesce(change.stock_change, 0)) over (
            partition by spine.scope_type, spine.scope_id, spine.stage order by spine.date
        ) as bigint
    ) as stock,
    parameter.as_of,
    parameter.config_version
from spine
cross join parameter
left join change
    on
        spine.scope_type = change.scope_type
        and spine.scope_id = change.scope_id
        and spine.stage = change.stage
        and spine.date = change.date
left join opening
    on
        spine.scope_type = opening.scope_type
        and spine.scope_id = opening.scope_id
        and spine.stage = opening.stage
