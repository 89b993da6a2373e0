-- One row per project or program with dependencies and local day of the last history_days; today is not over yet.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

scope as (

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

concerned as (

    select distinct
        scope_type,
        scope_id
    from {{ ref('int_dependency_scope_change') }}

),

bounded as (

    select
        scope.scope_type,
        scope.scope_id,
        cast(timezone(scope.timezone, parameter.as_of) as date) - cast(parameter.history_days as integer) as first_date,
        cast(timezone(scope.timezone, parameter.as_of) as date) - 1 as last_date
    from scope
    inner join concerned on scope.scope_type = concerned.scope_type and scope.scope_id = concerned.scope_id
    cross join parameter

)

select
    bounded.scope_type,
    bounded.scope_id,
    cast(day.midnight as date) as date,
    bounded.first_date,
    bounded.last_date
from bounded
cross join
    generate_series(
        cast(bounded.first_date as timestamp), cast(bounded.last_date as timestamp), interval '1 day'
    ) as day (midnight)
