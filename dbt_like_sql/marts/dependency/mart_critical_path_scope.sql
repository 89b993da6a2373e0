-- One row per scope (a program, or a release that is not out) with open issues: how long its network takes if everybody
-- can begin at once, and by when it is done with what certainty (METRICS.md 4.4).
with summed as (

    select
        scope_type,
        scope_id,
        count(*) as issue_count,
        count(case when is_in_scope then 1 end) as own_issue_count,
        count(case when not is_in_scope then 1 end) as outside_issue_count,
        count(case when is_placeholder then 1 end) as placeholder_count,
        count(case when is_critical then 1 end) as critical_count,
        count(case when duration_basis = 'default' then 1 end) as default_duration_count,
        count(case when due_slack_days < 0 then 1 end) as late_issue_count,
        count(distinct circle_issue_id) as cycle_count,
        max(scope_days) as scope_days,
        max(finish_date) as finish_date,
        max(scope_p50_days) as scope_p50_days,
        max(scope_p50_date) as scope_p50_date,
        max(scope_p85_days) as scope_p85_days,
        max(scope_p85_date) as scope_p85_date,
        max(trials) as trials,
        max(seed_entropy) as seed_entropy,
        max(numpy_version) as numpy_version
    from {{ ref('int_schedule_path') }}
    where not is_container
    group by scope_type, scope_id

)

select
    summed.scope_type,
    summed.scope_id,
    scope.scope_key,
    scope.scope_name,
    scope.program_id,
    summed.issue_count,
    summed.own_issue_count,
    summed.outside_issue_count,
    summed.placeholder_count,
    summed.critical_count,
    summed.default_duration_count,
    summed.late_issue_count,
    summed.cycle_count,
    summed.scope_days,
    summed.finish_date,
    summed.scope_p50_days,
    summed.scope_p50_date,
    summed.scope_p85_days,
    summed.scope_p85_date,
    scope.target_date,
    summed.scope_p85_date > scope.target_date as is_late,
    summed.trials,
    summed.seed_entropy,
    summed.numpy_version,
    parameter.as_of,
    parameter.config_version
from summed
inner join {{ ref('int_schedule_scope') }} as scope
    on summed.scope_type = scope.scope_type and summed.scope_id = scope.scope_id
cross join {{ source('ops', 'build_parameter') }} as parameter
