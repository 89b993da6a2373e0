-- One row per time-box: Jira sprint, GitHub iteration or GitHub milestone, with its real start and end.
select
    sprint.sprint_id,
    sprint.kind,
    sprint.name,
    sprint.goal,
    sprint.board_id,
    sprint.project_id,
    coalesce(board_team.team_id, project_team.team_id) as team_id,
    sprint.sequence_scope,
    sprint.state,
    sprint.effective_start_at,
    sprint.effective_end_at,
    sprint.planned_end_at,
    sprint.is_provisional,
    sprint.is_measurable,
    date_diff('second', sprint.effective_start_at, sprint.planned_end_at) as planned_seconds,
    date_diff('second', sprint.effective_start_at, sprint.effective_end_at) as actual_seconds,
    sprint.effective_end_at > sprint.planned_end_at as is_closed_late,
    sprint.done_basis_key,
    sprint.start_provenance,
    sprint.end_provenance,
    confidence.stay_count,
    confidence.imprecise_count,
    confidence.possible_count,
    confidence.sprint_confidence,
    confidence.is_approximate
from {{ ref('int_sprint_clock') }} as sprint
left join {{ ref('int_board_team') }} as board_team on sprint.board_id = board_team.board_id
left join {{ ref('int_project_team') }} as project_team on sprint.project_id = project_team.project_id
left join {{ ref('int_sprint_confidence') }} as confidence on sprint.sprint_id = confidence.sprint_id
