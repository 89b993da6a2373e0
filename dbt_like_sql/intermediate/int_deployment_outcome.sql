-- One row per production deployment with what became of it: incidents, and whether it was unplanned, that is, brought
-- out the fix of an incident (METRICS.md 3.4).
with caused as (

    select
        deployment_id,
        count(*) as incident_count,
        bool_or(link_basis = 'time') as is_guessed
    from {{ ref('int_deployment_incident') }}
    group by deployment_id

),

fix as (

    select distinct change.deployment_id
    from {{ ref('int_change_lead_time') }} as change
    inner join {{ source('core', 'pr_issue') }} as pr_issue on change.pr_id = pr_issue.pr_id
    inner join {{ ref('int_incident') }} as incident on pr_issue.issue_id = incident.issue_id
    where pr_issue.relation = 'closes' and change.deployment_id is not null

)

select
    deployment.deployment_id,
    deployment.repo_id,
    deployment.finished_at,
    deployment.state,
    deployment.deployment_source,
    coalesce(caused.incident_count, 0) as incident_count,
    coalesce(caused.is_guessed, false) as is_incident_guessed,
    fix.deployment_id is not null as is_unplanned
from {{ ref('int_production_deployment') }} as deployment
left join caused on deployment.deployment_id = caused.deployment_id
left join fix on deployment.deployment_id = fix.deployment_id
