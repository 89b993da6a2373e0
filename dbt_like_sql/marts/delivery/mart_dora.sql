-- One row per project or program and month with production deployments: how often, how fast, how many went wrong, how
-- soon they were mended (METRICS.md 3.4). No deployments told means no row, never zero.
with deployment as (

    select
        outcome.deployment_id,
        project.project_id,
        project.program_id,
        cast(date_trunc('month', timezone(project.timezone, outcome.finished_at)) as date) as month,
        outcome.state,
        outcome.deployment_source,
        outcome.incident_count,
        outcome.is_incident_guessed,
        outcome.is_unplanned
    from {{ ref('int_deployment_outcome') }} as outcome
    inner join {{ ref('int_project_program') }} as project on outcome.repo_id = project.project_id

),

scoped as (

    select
        deployment.*,
        kind.scope_type,
        case when kind.scope_type = 'project' then deployment.project_id else deployment.program_id end as scope_id
    from deployment
    cross join (values ('project'), ('program')) as kind (scope_type)

),

deployed as (

    select
        scope_type,
        scope_id,
        month,
        count(*) as deployment_count,
        count(*) filter (where state = 'success') as success_count,
        count(*) filter (where incident_count > 0) as failed_count,
        cast(sum(incident_count) as bigint) as incident_count,
        count(*) filter (where is_unplanned) as unplanned_count,
        bool_or(is_incident_guessed) as is_incident_guessed,
        case when min(deployment_source) = max(deployment_source) then min(deployment_source) else 'mixed' end
            as deployment_source
    from scoped
    group by scope_type, scope_id, month

),

change as (

    select
        scoped.scope_type,
        scoped.scope_id,
        scoped.month,
        count(*) as change_count,
        percentile_cont(0.5) within group (order by change.lead_time_s) as lead_time_median_s,
        percentile_cont(0.5) within group (order by change.coding_s) as coding_median_s,
        percentile_cont(0.5) within group (order by change.pickup_s) as pickup_median_s,
        percentile_cont(0.5) within group (order by change.review_s) as review_median_s,
        percentile_cont(0.5) within group (order by change.deploy_s) as deploy_median_s
    from {{ ref('int_change_lead_time') }} as change
    inner join scoped on change.deployment_id = scoped.deployment_id
    group by scoped.scope_type, scoped.scope_id, scoped.month

),

recovery as (

    select
        scoped.scope_type,
        scoped.scope_id,
        scoped.month,
        percentile_cont(0.5) within group (order by incident.recovery_s) as recovery_median_s
    from {{ ref('int_deployment_incident') }} as incident
    inner join scoped on incident.deployment_id = scoped.deployment_id
    group by scoped.scope_type, scoped.scope_id, scoped.month

)

select
    deployed.scope_type,
    deployed.scope_id,
    deployed.month,
    deployed.deployment_count,
    deployed.success_count,
    deployed.success_count / cast(
        date_diff('day', deployed.month, cast(deployed.month + interval '1 month' as date)) as double
    ) as deployments_per_day,
    coalesce(change.change_count, 0) as change_count,
    change.lead_time_median_s,
    change.coding_median_s,
    change.pickup_median_s,
    change.review_median_s,
    change.deploy_median_s,
    deployed.failed_count,
    deployed.incident_count,
    deployed.failed_count / cast(deployed.deployment_count as double) as change_fail_rate,
    recovery.recovery_median_s,
    deployed.unplanned_count / cast(deployed.deployment_count as double) as rework_rate,
    deployed.deployment_source,
    deployed.is_incident_guessed,
    parameter.as_of,
    parameter.config_version
from deployed
cross join {{ source('ops', 'build_parameter') }} as parameter
left join change
    on
        deployed.scope_type = change.scope_type
        and deployed.scope_id = change.scope_id
        and deployed.month = change.month
left join recovery
    on
        deployed.scope_type = recovery.scope_type
        and deployed.scope_id = recovery.scope_id
        and deployed.month = recovery.month
