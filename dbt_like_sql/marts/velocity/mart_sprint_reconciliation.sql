-- One row per closed Jira sprint of a site that is compared: our numbers beside those of Jira's own sprint report.
-- Only to compare: no number of ours comes from it.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

report as (

    select * from {{ source('core', 'sprint_report') }}

),

-- Sites that were asked, also those that never answered.
compared_site as (

    select instance from report
    union distinct
    select tracker as instance from {{ source('ops', 'sync_log') }}
    where stream = 'sprint_reports'

),

ours as (

    select
        sprint_id,
        sum(case when disposition like 'completed%' and disposition <> 'completed_outside' then 1 else 0 end)
            as completed_count,
        sum(completed_points) as completed_points,
        sum(case when disposition like 'not_completed%' then 1 else 0 end) as not_completed_count,
        sum(final_scope_points - completed_points) as not_completed_points
    from {{ ref('fct_sprint_issue') }}
    group by sprint_id

),

pair as (

    select
        sprint_id,
        bool_or(is_in_points) as is_in_points,
        sum(case when jira_category = 'completed' then 1 else 0 end) as completed_count,
        sum(case when jira_category = 'not_completed' then 1 else 0 end) as not_completed_count,
        count(*) as issue_count
    from {{ ref('int_sprint_report_issue') }}
    group by sprint_id

),

difference as (

    select
        sprint_id,
        count(*) as differing_count,
        sum(case when reason_key is null then 1 else 0 end) as unexplained_count
    from {{ ref('mart_sprint_reconciliation_issue') }}
    group by sprint_id

),

beside as (

    select
        sprint.sprint_id,
        sprint.name as sprint_name,
        sprint.board_id,
        sprint.effective_end_at,
        report.sprint_id is not null as is_reported,
        coalesce(pair.is_in_points, false) as is_in_points,
        coalesce(pair.issue_count, 0) as issue_count,
        coalesce(ours.completed_count, 0) as our_completed_count,
        pair.completed_count as jira_completed_count,
        coalesce(ours.not_completed_count, 0) as our_not_completed_count,
        pair.not_completed_count as jira_not_completed_count,
        coalesce(ours.completed_points, 0) as our_completed_points,
        case when pair.is_in_points then coalesce(report.completed_points, 0) end as jira_completed_points,
        coalesce(ours.not_completed_points, 0) as our_not_completed_points,
        case when pair.is_in_points then coalesce(report.not_completed_points, 0) end as jira_not_completed_points,
        coalesce(difference.differing_count, 0) as differing_issue_count,
        coalesce(difference.unexplained_count, 0) as unexplained_issue_count
    from {{ ref('int_sprint_clock') }} as sprint
    inner join {{ source('core', 'sprint') }} as told on sprint.sprint_id = told.sprint_id
    inner join compared_site on told.instance = compared_site.instance
    left join report on sprint.sprint_id = report.sprint_id
    left join ours on sprint.sprint_id = ours.sprint_id
    left join pair on sprint.sprint_id = pair.sprint_id
    left join difference on sprint.sprint_id = difference.sprint_id
    where sprint.kind = 'jira_sprint' and sprint.state = 'closed'

)

select
    beside.*,
    beside.is_reported
    and beside.differing_issue_count = 0
    and coalesce(abs(beside.our_completed_points - beside.jira_completed_points) < 1e-6, true)
    and coalesce(abs(beside.our_not_completed_points - beside.jira_not_completed_points) < 1e-6, true) as is_equal,
    parameter.as_of,
    parameter.config_version
from beside
cross join parameter
