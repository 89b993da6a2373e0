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

value_now as (

    select issue_id, 'status' as field, status_id as value from issue
    union all
    select
        issue_id,
        'estimate_points',
        -- The same text on every database: 5 is 5.000 whatever the engine makes of a double.
        cast(cast(estimate_points as decimal(18, 3)) as text)
    from issue
    union all
    select issue_id, 'estimate_seconds', cast(estimate_seconds as text) from issue
    union all
    select issue_id, 'assignee', assignee_person_id from issue
    union all
    select issue_id, 'due_date', cast(due_date as text) from issue
    union all
    select issue_id, 'start_date', cast(start_date as text) from issue
    union all
    select issue_id, 'priority', priority from issue
    union all
    select issue_id, 'parent', parent_issue_id from issue
    union all
    select issue_id, 'project', project_id from issue
    union all
    select issue_id, 'resolution', resolution_raw from issue
    union all
    select issue_id, 'labels', nullif(labels, '[]') from issue
    union all
    select issue_id, 'flagged', case when is_flagged then 'true' end from issue
    union all
    select issue_id, 'team', team_id from issue
    union all
    select * from sprint_list

)

select
    issue_id,
    field,
    value
from value_now
where value is not null
