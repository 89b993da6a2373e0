-- One row per issue that exists at as_of: identity, kind and life span. Values that change are in the interval models.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

issue as (

    select * from {{ source('core', 'issue') }}

),

history as (

    select * from {{ ref('int_issue_history') }}

)

select
    issue.issue_id,
    issue.source,
    issue.instance,
    issue.issue_key,
    issue.project_id,
    issue.type_raw,
    issue.type,
    issue.hierarchy_level,
    issue.parent_issue_id,
    issue.summary,
    issue.reporter_person_id,
    issue.estimate_seconds,
    issue.remaining_seconds,
    issue.labels,
    issue.components,
    issue.url,
    issue.created_at,
    issue.updated_at,
    issue.resolution_raw,
    issue.outcome,
    issue.synced_at,
    coalesce(issue.type = 'subtask' or issue.hierarchy_level < 0, false) as is_subtask,
    -- What we saw disappear after as_of was still there then.
    case when issue.deleted_observed_at <= parameter.as_of then issue.deleted_observed_at end as deleted_observed_at,
    coalesce(issue.is_deleted and coalesce(issue.deleted_observed_at <= parameter.as_of, true), false) as is_deleted,
    case when issue.deleted_observed_at <= parameter.as_of then issue.deleted_reason end as deleted_reason,
    history.is_complete as is_history_complete,
    history.gap as history_gap
from issue
cross join parameter
inner join history on issue.issue_id = history.issue_id
left join {{ ref('int_issue_successor') }} as successor on issue.issue_id = successor.issue_id
-- A transferred issue is counted once, and at all times, as what it became.
where issue.created_at <= parameter.as_of and successor.issue_id is null
