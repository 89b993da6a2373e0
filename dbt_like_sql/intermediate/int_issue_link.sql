-- One row per link as seen from one issue, with the direction that the settings give to link types of one's own.
-- Mapping directs the types every Jira has; all others come as relations from the issue on the outward side.
-- Links of issues that did not exist at as_of are left out, and those that a transferred issue had: it took them along.
with unborn as (

    select
        issue.issue_id,
        issue.issue_key,
        issue.instance
    from {{ source('core', 'issue') }} as issue
    inner join {{ source('ops', 'build_parameter') }} as parameter on issue.created_at > parameter.as_of

),

link as (

    select issue_link.*
    from {{ source('core', 'issue_link') }} as issue_link
    left join {{ ref('int_issue_successor') }} as transferred on issue_link.seen_from_id = transferred.issue_id
    left join unborn as seen on issue_link.seen_from_id = seen.issue_id
    left join unborn as blocker on issue_link.blocker_issue_id = blocker.issue_id
    left join unborn as blocked on issue_link.blocked_issue_id = blocked.issue_id
    left join unborn as blocker_by_key
        on issue_link.blocker_ref = blocker_by_key.issue_key and issue_link.instance = blocker_by_key.instance
    left join unborn as blocked_by_key
        on issue_link.blocked_ref = blocked_by_key.issue_key and issue_link.instance = blocked_by_key.instance
    where coalesce(
        transferred.issue_id,
        seen.issue_id,
        blocker.issue_id,
        blocked.issue_id,
        blocker_by_key.issue_id,
        blocked_by_key.issue_id
    ) is null

),

role as (

    select
        substr(lower(setting), length('link_outward_role:') + 1) as link_type,
        max(value) as outward_role
    from {{ source('ops', 'setting_value') }}
    where setting like 'link_outward_role:%'
    group by substr(lower(setting), length('link_outward_role:') + 1)

),

directed as (

    select
        link.*,
        link.edge_type = 'relates' and role.outward_role is not null as is_dependency,
        link.edge_type = 'relates' and coalesce(role.outward_role = 'blocked', false) as is_reversed
    from link
    left join role on lower(link.type_raw) = role.link_type and link.provenance = 'jira_link'

)

select
    seen_from_id,
    link_ref,
    instance,
    case when is_reversed then blocked_issue_id else blocker_issue_id end as blocker_issue_id,
    case when is_reversed then blocked_ref else blocker_ref end as blocker_ref,
    case when is_reversed then blocker_issue_id else blocked_issue_id end as blocked_issue_id,
    case when is_reversed then blocker_ref else blocked_ref end as blocked_ref,
    case when is_dependency then 'blocks' else edge_type end as edge_type,
    type_raw,
    provenance,
    confidence,
    observed_at
from directed
