-- One row per measurable time-box with the sums of its issues; zeros for a time-box without any.
with sprint as (

    select * from {{ ref('int_sprint_clock') }}
    where is_measurable

),

sprint_issue as (

    select * from {{ ref('int_sprint_issue_measure') }}

)

select
    sprint.sprint_id,
    sprint.kind,
    sprint.sequence_scope,
    sprint.board_id,
    sprint.name,
    sprint.state,
    sprint.effective_start_at,
    sprint.effective_end_at,
    sprint.window_end_at,
    sprint.is_provisional,
    coalesce(sum(sprint_issue.committed_points), 0) as committed_points,
    coalesce(sum(sprint_issue.added_points), 0) as added_points,
    coalesce(sum(sprint_issue.removed_points), 0) as removed_points,
    coalesce(sum(sprint_issue.estimate_change_points), 0) as estimate_change_points,
    coalesce(sum(abs(sprint_issue.estimate_change_points)), 0) as estimate_churn_points,
    coalesce(sum(sprint_issue.final_scope_points), 0) as final_scope_points,
    coalesce(sum(sprint_issue.completed_points), 0) as completed_points,
    coalesce(sum(sprint_issue.completed_initial_points), 0) as completed_initial_points,
    coalesce(sum(sprint_issue.completed_points) filter (where not sprint_issue.is_committed), 0)
        as completed_added_points,
    coalesce(sum(sprint_issue.delivered_points), 0) as delivered_points,
    coalesce(sum(sprint_issue.committed_points) filter (where sprint_issue.is_carried_in), 0) as carried_in_points,
    cast(coalesce(sum(sprint_issue.committed_count), 0) as bigint) as committed_count,
    cast(coalesce(sum(sprint_issue.added_count), 0) as bigint) as added_count,
    cast(coalesce(sum(sprint_issue.removed_count), 0) as bigint) as removed_count,
    cast(coalesce(sum(sprint_issue.final_scope_count), 0) as bigint) as final_scope_count,
    cast(coalesce(sum(sprint_issue.completed_count), 0) as bigint) as completed_count,
    cast(coalesce(sum(sprint_issue.completed_initial_count), 0) as bigint) as completed_initial_count,
    cast(coalesce(sum(sprint_issue.delivered_count), 0) as bigint) as delivered_count,
    count(*) filter (where sprint_issue.is_carried_in) as carried_in_count,
    count(*) filter (where sprint_issue.disposition = 'completed_outside') as completed_outside_count,
    coalesce(sum(sprint_issue.end_estimate) filter (where sprint_issue.disposition = 'completed_outside'), 0)
        as completed_outside_points,
    count(*) filter (where sprint_issue.is_committed and sprint_issue.start_estimate is null)
        as unestimated_committed_count,
    count(*) filter (where sprint_issue.is_unmapped_at_start) as unmapped_at_start_count,
    count(sprint_issue.issue_id) as issue_count,
    count(*) filter (where sprint_issue.precision_seconds > 86400) as imprecise_count,
    count(coalesce(sprint_issue.start_estimate, sprint_issue.entry_estimate, sprint_issue.end_estimate))
        as estimated_count
from sprint
left join sprint_issue on sprint.sprint_id = sprint_issue.sprint_id
group by
    sprint.sprint_id,
    sprint.kind,
    sprint.sequence_scope,
    sprint.board_id,
    sprint.name,
    sprint.state,
    sprint.effective_start_at,
    sprint.effective_end_at,
    sprint.window_end_at,
    sprint.is_provisional
