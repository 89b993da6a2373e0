-- One row per incident known at as_of: issues of that type, and those with a label that says so.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

incident as (

    select * from {{ source('core', 'incident') }}

)

select
    issue.issue_id,
    issue.project_id,
    coalesce(incident.opened_at, issue.created_at) as opened_at,
    case
        when incident.issue_id is null then clock.finished_at
        when incident.resolved_at <= parameter.as_of then incident.resolved_at
    end as resolved_at,
    incident.caused_by_deployment_id
from {{ ref('int_issue') }} as issue
inner join {{ ref('int_issue_clock') }} as clock on issue.issue_id = clock.issue_id
cross join parameter
left join incident on issue.issue_id = incident.issue_id
where
    not issue.is_deleted
    and (incident.issue_id is not null or regexp_matches(lower(issue.labels), '"incident"'))
    and coalesce(incident.opened_at, issue.created_at) <= parameter.as_of
