-- One row per measurable time-box and team that had issues in it. On a board whose issues name different teams each
-- has its part (METRICS.md T11); the sum over teams is the time-box.
select
    sprint_id,
    team_id,
    min(sequence_scope) as sequence_scope,
    sum(committed_points) as committed_points,
    sum(added_points) as added_points,
    sum(removed_points) as removed_points,
    sum(estimate_change_points) as estimate_change_points,
    sum(final_scope_points) as final_scope_points,
    sum(completed_points) as completed_points,
    sum(completed_initial_points) as completed_initial_points,
    sum(delivered_points) as delivered_points,
    cast(sum(committed_count) as bigint) as committed_count,
    cast(sum(added_count) as bigint) as added_count,
    cast(sum(removed_count) as bigint) as removed_count,
    cast(sum(final_scope_count) as bigint) as final_scope_count,
    cast(sum(completed_count) as bigint) as completed_count,
    cast(sum(completed_initial_count) as bigint) as completed_initial_count,
    cast(sum(delivered_count) as bigint) as delivered_count
from {{ ref('int_sprint_issue_measure') }}
group by sprint_id, team_id
