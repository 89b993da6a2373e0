-- One row per issue at story level, scope that is forecast, part of it (a program's teams; else the scope itself) and
-- period in which the issue counts there. Releases and epics are forecast while they are open.
with issue as (

    select
        int_issue.issue_id,
        attribution.team_id
    from {{ ref('int_issue') }} as int_issue
    inner join {{ ref('int_issue_attribution') }} as attribution on int_issue.issue_id = attribution.issue_id
    where coalesce(int_issue.hierarchy_level, 0) = 0

),

open_release as (

    select version.version_id
    from {{ source('core', 'release_version') }} as version
    cross join {{ source('ops', 'build_parameter') }} as parameter
    where
        version.kind <> 'gh_release'
        and not coalesce(version.archived, false)
        and (not coalesce(version.released, false) or version.released_at > parameter.as_of)

),

open_epic as (

    select int_issue.issue_id
    from {{ ref('int_issue') }} as int_issue
    inner join {{ ref('int_issue_state') }} as state on int_issue.issue_id = state.issue_id
    where int_issue.hierarchy_level = 1 and not int_issue.is_deleted and state.category <> 'done'

)

select
    flow_scope.issue_id,
    flow_scope.scope_type,
    flow_scope.scope_id,
    case when flow_scope.scope_type = 'program' then coalesce(issue.team_id, '(no team)') else flow_scope.scope_id end
        as part_id,
    flow_scope.valid_from,
    flow_scope.valid_to
from {{ ref('int_issue_flow_scope') }} as flow_scope
inner join issue on flow_scope.issue_id = issue.issue_id
where flow_scope.scope_id <> '(no team)'
union all
select
    planned.issue_id,
    'release' as scope_type,
    planned.version_id as scope_id,
    planned.version_id as part_id,
    planned.valid_from,
    planned.valid_to
from {{ ref('int_issue_version_interval') }} as planned
inner join issue on planned.issue_id = issue.issue_id
inner join open_release on planned.version_id = open_release.version_id
union all
select
    child.issue_id,
    'epic' as scope_type,
    child.value as scope_id,
    child.value as part_id,
    child.valid_from,
    child.valid_to
from {{ ref('int_issue_field_interval') }} as child
inner join issue on child.issue_id = issue.issue_id
inner join open_epic on child.value = open_epic.issue_id
where child.field = 'parent'
