-- One row per scope, kind of thing counted and local day on which any of them began or ended to be active.
-- A thing counts from the day it began on up to the day before the one it ended on: at the end of that day it was over.
with scope as (

    select
        'project' as scope_type,
        project_id as scope_id,
        timezone
    from {{ ref('int_project_program') }}
    union all
    select
        'program' as scope_type,
        program_id as scope_id,
        timezone
    from {{ ref('int_program') }}

),

counted as (

    select
        period.scope_type,
        period.scope_id,
        period.counted,
        cast(timezone(scope.timezone, period.valid_from) as date) as first_date,
        cast(timezone(scope.timezone, period.valid_to) as date) as over_date
    from {{ ref('int_dependency_scope_interval') }} as period
    inner join scope on period.scope_type = scope.scope_type and period.scope_id = scope.scope_id

),

change as (

    select
        scope_type,
        scope_id,
        counted,
        first_date as date,
        1 as begun,
        0 as ended
    from counted
    union all
    select
        scope_type,
        scope_id,
        counted,
        over_date as date,
        0 as begun,
        1 as ended
    from counted
    where over_date is not null

)

select
    change.scope_type,
    change.scope_id,
    change.counted,
    change.date,
    cast(sum(change.begun) as bigint) as begun_count,
    cast(sum(change.ended) as bigint) as ended_count
from change
group by change.scope_type, change.scope_id, change.counted, change.date
