-- One row per closed Jira sprint and issue of which Jira's own sprint report says something else than we do, with the
-- reason where it can be seen.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

pair as (

    select * from {{ ref('int_sprint_report_issue') }}
    where is_category_different or is_added_different or is_initial_estimate_different or is_end_estimate_different

),

last_stay as (

    select
        sprint_id,
        issue_id,
        max(valid_to) as left_at
    from {{ ref('int_sprint_membership') }}
    where sprint_id in (select pair.sprint_id from pair)
    group by sprint_id, issue_id

),

explained as (

    select
        pair.*,
        case
            when issue.issue_id is null or issue.is_deleted then 'not_visible'
            when pair.our_category is null and issue.is_subtask then 'subtask'
            when pair.jira_category is null and board_project.project_id is null then 'not_on_board'
            when not issue.is_history_complete then 'history_incomplete'
            when
                pair.our_category in ('not_completed', 'punted')
                and pair.jira_category in ('not_completed', 'punted')
                and last_stay.left_at < pair.window_end_at
                and last_stay.left_at >= pair.window_end_at - interval '5 minutes'
                then 'close_grace'
            when pair.is_category_different and pair.is_done_at_end <> (at_end.category = 'done') then 'columns'
            when pair.is_initial_estimate_different and not pair.is_end_estimate_different then 'initial_estimate'
        end as reason_key
    from pair
    left join {{ ref('int_issue') }} as issue on pair.issue_id = issue.issue_id
    left join {{ source('core', 'board_project') }} as board_project
        on pair.board_id = board_project.board_id and issue.project_id = board_project.project_id
    left join last_stay on pair.sprint_id = last_stay.sprint_id and pair.issue_id = last_stay.issue_id
    left join {{ ref('int_issue_status_interval') }} as at_end
        on
            pair.issue_id = at_end.issue_id
            and pair.window_end_at > at_end.valid_from
            and (at_end.valid_to is null or pair.window_end_at <= at_end.valid_to)

)

select
    explained.sprint_id,
    explained.issue_id,
    explained.issue_key,
    explained.board_id,
    explained.our_category,
    explained.jira_category,
    explained.our_is_added,
    explained.jira_is_added,
    explained.our_initial_estimate,
    explained.jira_initial_estimate,
    explained.our_end_estimate,
    explained.jira_end_estimate,
    explained.is_category_different,
    explained.is_added_different,
    explained.is_initial_estimate_different,
    explained.is_end_estimate_different,
    explained.reason_key,
    case explained.reason_key
        when 'not_visible' then 'We cannot see this issue now: it was deleted, is hidden from us, or is not read.'
        when 'subtask' then 'Sub-tasks follow their parent and do not count here.'
        when 'not_on_board' then 'It is now in a project that the board does not show, so Jira leaves it out.'
        when 'history_incomplete' then 'Its history could not be read completely.'
        when 'close_grace' then 'It left the sprint shortly before the close: roll-over or removal, the grace decides.'
        when 'columns' then 'Its column and its status category disagree on done: the columns may have been others.'
        when 'initial_estimate' then 'Only the estimate at the start differs, which sites do not freeze alike.'
    end as reason,
    parameter.as_of,
    parameter.config_version
from explained
cross join parameter
