-- One row per issue and single-valued field that has a value now, in the text form field history uses.
with issue as (

    select core_issue.*
    from {{ source('core', 'issue') }} as core_issue
    inner join {{ ref('int_issue') }} as int_issue on core_issue.issue_id = int_issue.issue_id

),

-- GitHub's iterations are read with their project items: see int_issue_observed_event.
sprint_list as (

    select
        issue_sprint.issue_id,
        case when sprint.kind = 'gh_milestone' then 'milestone' else 'sprint' end as field,
        string_agg(issue_sprint.sprint_id, ', ' order by issue_sprint.sprint_id) as value
    from {{ source('core', 'issue_sprint') }} as issue_sprint
    inner join {{ source('core', 'sprint') }} as sprint on issue_sprint.sprint_id = sprint.sprint_id
    where sprint.kind <> 'gh_iteration'
    group by issue_sprint.issue_id, sprint.kind

),

-- Data Center names the epic of an issue in a link by its key, and no parent.
epic as (

    select
        seen_from_id as issue_id,
        min(blocked_issue_id) as parent_issue_id
    from {{ ref('int_link_endpoint') }}
    where edge_type = 'parent_child' and seen_from_id = blocker_issue_id and not is_blocked_unknown
    group by seen_from_id

),

field as (

    select 'status' as name
    union all
    select 'estimate_points' as name
    union all
    select 'estimate_seconds' as name
    union all
    select 'assignee' as name
    union all
    select 'due_date' as name
    union all
    select 'start_date' as name
    union all
    select 'priority' as name
    union all
    select 'parent' as name
    union all
    select 'project' as name
    union all
    select 'resolution' as name
    union all
    select 'labels' as name
    union all
    select 'flagged' as name
    union all
    select 'team' as name

),

value_now as (

    select
        issue.issue_id,
        field.name as field,
        case field.name
            when 'status' then issue.status_id
            -- The same text on every database: 5 is 5.000 whatever the engine makes of a double.
            when 'estimate_points' then cast(cast(issue.estimate_points as decimal(18, 3)) as text)
            when 'estimate_seconds' then cast(issue.estimate_seconds as text)
            when 'assignee' then issue.assignee_person_id
            when 'due_date' then cast(issue.due_date as text)
            when 'start_date' then cast(issue.start_date as text)
            when 'priority' then issue.priority
            when 'parent' then coalesce(issue.parent_issue_id, epic.parent_issue_id)
            when 'project' then issue.project_id
            when 'resolution' then issue.resolution_raw
            when 'labels' then nullif(issue.labels, '[]')
            when 'flagged' then case when issue.is_flagged then 'true' end
            when 'team' then issue.team_id
        end as value
    from issue
    cross join field
    left join epic on issue.issue_id = epic.issue_id
    union all
    select
        issue_id,
        field,
        value
    from sprint_list

)

select
    issue_id,
    field,
    value
from value_now
where value is not null
