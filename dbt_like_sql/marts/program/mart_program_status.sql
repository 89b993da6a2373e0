-- One row per program: its state on one page, as of as_of. A person's override stands beside the computed colour.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

program as (

    select
        int_program.program_id,
        int_program.program_key,
        int_program.name,
        int_program.target_date,
        cast(timezone(int_program.timezone, parameter.as_of) as date) as date,
        told.status_override,
        told.override_author,
        told.override_reason,
        told.override_expires_on,
        parameter.as_of,
        parameter.config_version
    from {{ ref('int_program') }} as int_program
    cross join parameter
    left join {{ source('core', 'program') }} as told on int_program.program_id = told.program_id

),

rated as (

    select
        program.*,
        rag.computed_rag,
        -- An override counts through the day it expires.
        coalesce(program.status_override is not null and program.override_expires_on >= program.date, false)
            as is_overridden,
        rag.schedule_rag,
        rag.cost_rag,
        rag.dependency_rag,
        rag.predictability_rag,
        rag.schedule_reason,
        rag.cost_reason,
        rag.dependency_reason,
        rag.predictability_reason,
        rag.commitment_reliability,
        rag.cost_performance,
        forecast.p50_date,
        forecast.p85_date
    from program
    inner join {{ ref('int_program_rag') }} as rag on program.program_id = rag.program_id
    left join {{ ref('int_target_forecast') }} as forecast
        on program.program_id = forecast.scope_id and forecast.scope_type = 'program'

)

select
    rated.program_id,
    rated.program_key,
    rated.name,
    rated.date,
    case when rated.is_overridden then rated.status_override else rated.computed_rag end as overall_rag,
    rated.computed_rag,
    rated.is_overridden,
    case when rated.is_overridden then rated.override_author end as override_author,
    case when rated.is_overridden then rated.override_reason end as override_reason,
    case when rated.is_overridden then rated.override_expires_on end as override_expires_on,
    rated.schedule_rag,
    rated.cost_rag,
    rated.dependency_rag,
    rated.predictability_rag,
    rated.schedule_reason,
    rated.cost_reason,
    rated.dependency_reason,
    rated.predictability_reason,
    -- Clauses without data are left out.
    upper(case when rated.is_overridden then rated.status_override else rated.computed_rag end)
    || ': ' || coalesce(cast(issue.open_count as text), 'no') || ' open issues'
    || coalesce(
        '; ' || cast(nullif(dependency.cross_project_conflict_count, 0) as text) || ' cross-project conflicts', ''
    )
    || coalesce('; ' || cast(nullif(issue.overdue_count, 0) as text) || ' overdue', '')
    || coalesce('; 85 % sure by ' || cast(rated.p85_date as text) || ', target ' || cast(rated.target_date as text), '')
    || coalesce('; CPI ' || cast(cast(floor(rated.cost_performance * 100 + 0.5) / 100 as decimal(18, 2)) as text), '')
    || coalesce(
        '; commitment reliability '
        || cast(cast(floor(rated.commitment_reliability * 100 + 0.5) as integer) as text) || ' %',
        ''
    ) as headline,
    rated.target_date,
    rated.p50_date,
    rated.p85_date,
    rated.cost_performance,
    coalesce(issue.issue_count, 0) as issue_count,
    coalesce(issue.open_count, 0) as open_count,
    coalesce(issue.done_count, 0) as done_count,
    coalesce(issue.wip_count, 0) as wip_count,
    coalesce(issue.blocked_count, 0) as blocked_count,
    coalesce(issue.overdue_count, 0) as overdue_count,
    coalesce(issue.throughput_28d, 0) as throughput_28d,
    coalesce(issue.throughput_previous_28d, 0) as throughput_previous_28d,
    sprint.sprint_count,
    sprint.completed_count / cast(nullif(sprint.committed_count, 0) as double) as say_do_ratio,
    rated.commitment_reliability,
    sprint.recent_completed_mean / nullif(sprint.earlier_completed_mean, 0) as velocity_trend,
    coalesce(dependency.active_dependency_count, 0) as active_dependency_count,
    coalesce(dependency.open_cross_project_blocker_count, 0) as open_cross_project_blocker_count,
    coalesce(dependency.conflict_count, 0) as conflict_count,
    coalesce(dependency.cross_project_conflict_count, 0) as cross_project_conflict_count,
    coalesce(dependency.overdue_blocker_count, 0) as overdue_blocker_count,
    coalesce(dependency.severity_2_count, 0) as severity_2_count,
    coalesce(dependency.severity_3_count, 0) as severity_3_count,
    issue.unestimated_open_count / cast(nullif(issue.open_count, 0) as double) as unestimated_open_share,
    1 - issue.incomplete_history_count / cast(nullif(issue.issue_count, 0) as double) as complete_history_share,
    freshness.last_read_at as last_synced_at,
    rated.as_of,
    rated.config_version
from rated
left join {{ ref('int_program_issue_summary') }} as issue on rated.program_id = issue.program_id
left join {{ ref('int_program_freshness') }} as freshness on rated.program_id = freshness.program_id
left join {{ ref('int_program_sprint_summary') }} as sprint on rated.program_id = sprint.program_id
left join {{ ref('int_program_dependency_summary') }} as dependency on rated.program_id = dependency.program_id
