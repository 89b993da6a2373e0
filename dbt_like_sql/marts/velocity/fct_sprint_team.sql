-- One row per measurable time-box and team that had issues in it; the sum over teams is the time-box. Where the issues
-- of a board name different teams, each has its part; issues of no known team have a row without one.
select
    sprint_team.sprint_id,
    sprint_team.team_id,
    team.name as team_name,
    team.estimate_scale_id,
    sprint_team.sequence_scope,
    clock.state,
    clock.effective_start_at,
    clock.effective_end_at,
    sprint_team.committed_points,
    sprint_team.committed_count,
    sprint_team.added_points,
    sprint_team.added_count,
    sprint_team.removed_points,
    sprint_team.removed_count,
    sprint_team.estimate_change_points,
    sprint_team.final_scope_points,
    sprint_team.final_scope_count,
    sprint_team.completed_points,
    sprint_team.completed_count,
    sprint_team.completed_initial_points,
    sprint_team.completed_initial_count,
    sprint_team.delivered_points,
    sprint_team.delivered_count,
    sprint_team.completed_points / nullif(sprint_team.committed_points, 0) as say_do_ratio,
    sprint_team.completed_initial_points / nullif(sprint_team.committed_points, 0) as commitment_reliability,
    sprint_team.completed_initial_count / cast(nullif(sprint_team.committed_count, 0) as double)
        as commitment_reliability_count,
    velocity_index.velocity_unit,
    velocity_index.velocity_baseline,
    velocity_index.velocity_index,
    parameter.as_of,
    parameter.config_version
from {{ ref('int_sprint_team') }} as sprint_team
inner join {{ ref('int_sprint_clock') }} as clock on sprint_team.sprint_id = clock.sprint_id
cross join {{ source('ops', 'build_parameter') }} as parameter
left join {{ ref('int_sprint_velocity_index') }} as velocity_index
    on
        sprint_team.sprint_id = velocity_index.sprint_id
        and sprint_team.team_id is not distinct from velocity_index.team_id
left join {{ ref('int_team') }} as team on sprint_team.team_id = team.team_id
