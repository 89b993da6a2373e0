-- One row per incident and production deployment that it is put down to: the one it names, else the last one of its
-- repository in the 24 hours before it was opened, marked as a guess (METRICS.md 3.4).
with incident as (

    select * from {{ ref('int_incident') }}

),

candidate as (

    select
        incident.issue_id,
        incident.opened_at,
        incident.resolved_at,
        deployment.deployment_id,
        deployment.repo_id,
        deployment.finished_at,
        coalesce(incident.caused_by_deployment_id = deployment.deployment_id, false) as is_named,
        row_number() over (
            partition by incident.issue_id order by deployment.finished_at desc, deployment.deployment_id asc
        ) as recency_no
    from incident
    inner join {{ ref('int_production_deployment') }} as deployment
        on
            incident.caused_by_deployment_id = deployment.deployment_id
            or (
                incident.caused_by_deployment_id is null
                and incident.project_id = deployment.repo_id
                and incident.opened_at >= deployment.finished_at
                and incident.opened_at < deployment.finished_at + interval '24 hours'
            )

)

select
    issue_id,
    deployment_id,
    repo_id,
    case when is_named then 'named' else 'time' end as link_basis,
    case when resolved_at >= finished_at then date_diff('second', finished_at, resolved_at) end as recovery_s
from candidate
where recency_no = 1
