-- One row per closed Jira sprint that its site reports on and issue that counted in it, by us, by Jira or by both, and
-- in what the two differ. Only to compare: no number of ours comes from it.
with report as (

    select
        report.sprint_id,
        report.board_id,
        sprint.window_end_at,
        -- Boards that count issues or hours say nothing of points.
        coalesce(report.estimate_field = 'field_' || board.estimation_field_id, false) as is_in_points
    from {{ source('core', 'sprint_report') }} as report
    inner join {{ ref('int_sprint_clock') }} as sprint on report.sprint_id = sprint.sprint_id
    left join {{ source('core', 'board') }} as board on report.board_id = board.board_id
    where sprint.state = 'closed'

),

theirs as (

    select * from {{ source('core', 'sprint_report_issue') }}

),

ours as (

    select
        sprint_id,
        issue_id,
        issue_key,
        case
            when disposition like 'completed_outside' then 'completed_elsewhere'
            when disposition like 'completed%' then 'completed'
            when disposition like 'not_completed%' then 'not_completed'
            else 'punted'
        end as category,
        disposition in ('completed_added', 'not_completed_added', 'added_then_removed') as is_added,
        case when is_committed then start_estimate else entry_estimate end as initial_estimate,
        end_estimate,
        is_done_at_end
    from {{ ref('fct_sprint_issue') }}
    where sprint_id in (select report.sprint_id from report)

),

listed as (

    select
        sprint_id,
        issue_id
    from ours
    union distinct
    select
        sprint_id,
        issue_id
    from theirs

)

select
    listed.sprint_id,
    listed.issue_id,
    report.board_id,
    report.window_end_at,
    report.is_in_points,
    coalesce(ours.issue_key, theirs.issue_key) as issue_key,
    ours.category as our_category,
    theirs.category as jira_category,
    ours.is_added as our_is_added,
    theirs.is_added as jira_is_added,
    ours.initial_estimate as our_initial_estimate,
    theirs.initial_estimate as jira_initial_estimate,
    ours.end_estimate as our_end_estimate,
    theirs.current_estimate as jira_end_estimate,
    ours.is_done_at_end,
    coalesce(ours.category <> theirs.category, true) as is_category_different,
    coalesce(
        ours.category = theirs.category
        and ours.category <> 'completed_elsewhere'
        and ours.is_added <> theirs.is_added,
        false
    ) as is_added_different,
    report.is_in_points
    and coalesce(ours.category = theirs.category and ours.category <> 'completed_elsewhere', false)
    and not ours.is_added
    and abs(coalesce(ours.initial_estimate, 0) - coalesce(theirs.initial_estimate, 0)) > 1e-6
        as is_initial_estimate_different,
    report.is_in_points
    and coalesce(ours.category = theirs.category and ours.category in ('completed', 'not_completed'), false)
    and abs(coalesce(ours.end_estimate, 0) - coalesce(theirs.current_estimate, 0)) > 1e-6
        as is_end_estimate_different
from listed
inner join report on listed.sprint_id = report.sprint_id
left join ours on listed.sprint_id = ours.sprint_id and listed.issue_id = ours.issue_id
left join theirs on listed.sprint_id = theirs.sprint_id and listed.issue_id = theirs.issue_id
