-- One row per project, program or team and month: issues that were finished or due in it, whether on time, and how
-- their due dates moved (METRICS.md 3.2). Only months of the last history_days, and issues at story level that were
-- not dropped.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

scope as (

    select * from {{ ref('int_flow_scope') }}

),

planned as (

    select
        cycle.issue_id,
        cycle.project_id,
        cycle.program_id,
        coalesce(cycle.team_id, '(no team)') as team_id,
        cycle.finished_date,
        cycle.due_date,
        cycle.first_due_date,
        slippage.due_slip_net_days,
        slippage.due_slip_gross_days,
        slippage.due_pull_in_days,
        slippage.due_change_count
    from {{ ref('int_issue_cycle') }} as cycle
    inner join {{ ref('int_issue') }} as issue on cycle.issue_id = issue.issue_id
    inner join {{ ref('int_issue_due_slippage') }} as slippage on cycle.issue_id = slippage.issue_id
    where
        coalesce(cycle.hierarchy_level, 0) = 0
        and cycle.due_date is not null
        and not issue.is_deleted
        and (cycle.is_delivered or cycle.finished_at is null)

),

counted as (

    select
        planned.*,
        kind.scope_type,
        case kind.scope_type
            when 'project' then planned.project_id when 'program' then planned.program_id else planned.team_id
        end as scope_id
    from planned
    cross join (values ('project'), ('program'), ('team')) as kind (scope_type)

),

monthly as (

    select
        *,
        cast(date_trunc('month', finished_date) as date) as month
    from counted
    where finished_date is not null
    union
    select
        *,
        cast(date_trunc('month', due_date) as date) as month
    from counted

)

select
    monthly.scope_type,
    monthly.scope_id,
    monthly.month,
    count(*) as planned_count,
    count(*) filter (where monthly.finished_date is not null) as finished_count,
    count(*) filter (where monthly.finished_date <= monthly.due_date) as on_time_count,
    -- Late is also what is not finished although its day is over.
    count(*) filter (where coalesce(monthly.finished_date, scope.last_date + 1) > monthly.due_date) as late_count,
    count(*) filter (where monthly.finished_date <= monthly.first_due_date) as on_time_baseline_count,
    count(*) filter (where coalesce(monthly.finished_date, scope.last_date + 1) > monthly.first_due_date)
        as late_baseline_count,
    count(*) filter (where monthly.finished_date <= monthly.due_date) / cast(
        nullif(
            count(*) filter (where monthly.finished_date is not null or scope.last_date >= monthly.due_date), 0
        ) as double
    ) as on_time_rate,
    count(*) filter (where monthly.finished_date <= monthly.first_due_date) / cast(
        nullif(
            count(*) filter (where monthly.finished_date is not null or scope.last_date >= monthly.first_due_date), 0
        ) as double
    ) as on_time_baseline_rate,
    count(*) filter (where monthly.due_change_count > 0) as moved_count,
    cast(sum(monthly.due_change_count) as bigint) as due_change_count,
    cast(sum(monthly.due_slip_net_days) as bigint) as due_slip_net_days,
    cast(sum(monthly.due_slip_gross_days) as bigint) as due_slip_gross_days,
    cast(sum(monthly.due_pull_in_days) as bigint) as due_pull_in_days,
    parameter.as_of,
    parameter.config_version
from monthly
inner join scope on monthly.scope_type = scope.scope_type and monthly.scope_id = scope.scope_id
cross join parameter
where
    monthly.month >= cast(date_trunc('month', scope.first_date) as date)
    and monthly.month <= cast(date_trunc('month', scope.last_date + 1) as date)
group by
    monthly.scope_type, monthly.scope_id, monthly.month, parameter.as_of, parameter.config_version
