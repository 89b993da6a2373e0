-- One row per issue with its values at as_of; for an issue that was deleted, those at its deletion.
with issue as (

    select * from {{ ref('int_issue') }}

),

latest as (

    select
        issue_id,
        max(case when field = 'project' then value end) as project_id,
        max(case when field = 'team' then value end) as team_id,
        max(case when field = 'assignee' then value end) as assignee_person_id,
        max(case when field = 'priority' then value end) as priority,
        max(case when field = 'parent' then value end) as parent_issue_id,
        max(case when field = 'resolution' then value end) as resolution,
        max(case when field = 'estimate_points' then value_number end) as estimate_points,
        max(case when field = 'due_date' then value end) as due_date,
        max(case when field = 'start_date' then value end) as start_date
    from {{ ref('int_issue_field_interval') }}
    where is_current
    group by issue_id

),

due as (

    select
        issue_id,
        value,
        row_number() over (partition by issue_id order by valid_from) as due_no
    from {{ ref('int_issue_field_interval') }}
    where field = 'due_date' and value is not null

),

due_history as (

    select
        issue_id,
        max(case when due_no = 1 then value end) as first_due_date,
        count(*) - 1 as due_change_count
    from due
    group by issue_id

),

status as (

    select
        *,
        row_number() over (partition by issue_id order by seq desc) as recency_no
    from {{ ref('int_issue_status_interval') }}

)

select
    issue.issue_id,
    coalesce(latest.project_id, issue.project_id) as project_id,
    latest.team_id,
    status.status_id,
    status.category,
    status.valid_from as status_since,
    latest.assignee_person_id,
    latest.priority,
    latest.parent_issue_id,
    latest.resolution,
    latest.estimate_points,
    -- Trackers add a time of day to some dates.
    case
        when regexp_matches(latest.due_date, '^[0-9]{4}-[0-9]{2}-[0-9]{2}')
            then cast(substr(latest.due_date, 1, 10) as date)
    end as due_date,
    case
        when regexp_matches(due_history.first_due_date, '^[0-9]{4}-[0-9]{2}-[0-9]{2}')
            then cast(substr(due_history.first_due_date, 1, 10) as date)
    end as first_due_date,
    coalesce(due_history.due_change_count, 0) as due_change_count,
    case
        when regexp_matches(latest.start_date, '^[0-9]{4}-[0-9]{2}-[0-9]{2}')
            then cast(substr(latest.start_date, 1, 10) as date)
    end as start_date
from issue
left join latest on issue.issue_id = latest.issue_id
left join due_history on issue.issue_id = due_history.issue_id
left join status on issue.issue_id = status.issue_id and status.recency_no = 1
