-- One row per issue with how much of its change history was read, and what is wrong with it if it is not complete.
-- Counts alone do not tell: a site that has lost its histories, or an import that made none, reports 0 entries. So what
-- was read is also held against the issue as it is: it must have got there somehow.
with issue as (

    select
        issue_id,
        project_id,
        status_id,
        created_at,
        resolved_at,
        coalesce(hierarchy_level, 0) >= 0 as is_own_sprint,
        history_reported
    from {{ source('core', 'issue') }}

),

history as (

    select * from {{ source('core', 'issue_history') }}

),

event as (

    select
        issue_id,
        field,
        to_raw,
        row_number() over (
            partition by issue_id, field
            -- Ids of history entries are numbers written as text: shorter is smaller.
            order by occurred_at desc, length(source_event_id) desc, source_event_id desc, item_ordinal desc
        ) as place_from_end
    from {{ source('core', 'issue_field_event') }}
    where field in ('status', 'resolution', 'sprint')

),

told as (

    select
        issue_id,
        max(case when field = 'status' then to_raw end) as last_status_id,
        count(*) filter (where field in ('status', 'resolution')) as ending_count,
        count(*) filter (where field = 'sprint') as sprint_count
    from event
    where place_from_end = 1
    group by issue_id

),

sprint_list as (

    select
        issue_sprint.issue_id,
        count(*) as sprint_count
    from {{ source('core', 'issue_sprint') }} as issue_sprint
    inner join {{ source('core', 'sprint') }} as sprint on issue_sprint.sprint_id = sprint.sprint_id
    where sprint.kind = 'jira_sprint'
    group by issue_sprint.issue_id

),

judged as (

    select
        issue.issue_id,
        issue.project_id,
        history.history_count,
        coalesce(history.reported_count, issue.history_reported) as reported_count,
        history.issue_id is not null as is_read,
        coalesce(history.is_complete, false) as is_whole,
        -- Its status is not where its history ends; or it was resolved, or came to a second sprint, without a trace.
        -- A sub-task shows the sprints of its parent, which alone tells how they changed.
        coalesce(told.last_status_id <> issue.status_id, false)
        or (issue.resolved_at > issue.created_at and coalesce(told.ending_count, 0) = 0)
        or coalesce(issue.is_own_sprint and sprint_list.sprint_count > 1 and coalesce(told.sprint_count, 0) = 0, false)
            as is_contradicted,
        coalesce(history.history_count, 0) > 0 or told.issue_id is not null as has_entries
    from issue
    left join history on issue.issue_id = history.issue_id
    left join told on issue.issue_id = told.issue_id
    left join sprint_list on issue.issue_id = sprint_list.issue_id

),

-- A project in which no issue has any history, though some must have had one, is not told at all.
untold_project as (

    select project_id
    from judged
    group by project_id
    having count(*) filter (where has_entries) = 0 and count(*) filter (where is_contradicted) > 0

),

named as (

    select
        judged.*,
        case
            when not judged.is_read then 'not_read'
            when not judged.is_whole then 'cut'
            when untold_project.project_id is not null then 'not_served'
            when judged.is_contradicted then 'contradicted'
        end as gap
    from judged
    left join untold_project on judged.project_id = untold_project.project_id

)

select
    issue_id,
    coalesce(history_count, 0) as history_count,
    reported_count,
    gap is null as is_complete,
    gap
from named
