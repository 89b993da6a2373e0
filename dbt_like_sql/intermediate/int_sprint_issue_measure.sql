-- One row per time-box and issue that counted in it: what became of it, and what it adds to each measure.
-- Net per issue (METRICS.md 2.2); gross movements are in int_sprint_scope_event. The sum over projects is the sprint.
with sprint as (

    select * from {{ ref('int_sprint_clock') }}

),

valued as (

    select
        value.*,
        case
            when value.is_committed and value.is_in_final_scope and value.is_done_at_end then 'completed_committed'
            when value.is_in_final_scope and value.is_done_at_end then 'completed_added'
            when value.is_committed and value.is_in_final_scope then 'not_completed_committed'
            when value.is_in_final_scope then 'not_completed_added'
            when value.is_committed then 'removed_committed'
            when value.entry_at is not null then 'added_then_removed'
            else 'completed_outside'
        end as disposition,
        value.is_committed or value.entry_at is not null as is_ever_in_scope,
        value.is_in_final_scope and value.is_done_at_end as is_completed,
        -- Points with which the issue came into scope.
        case
            when value.is_unmapped_at_start then 0
            when value.is_committed then coalesce(value.start_estimate, 0)
            else coalesce(value.entry_estimate, 0)
        end as base_points,
        -- Points with which it left scope, or is still in it.
        coalesce(case when value.is_in_final_scope then value.end_estimate else value.exit_estimate end, 0)
            as last_points,
        not_delivered.resolution is null as is_deliverable
    from {{ ref('int_sprint_issue_value') }} as value
    left join {{ ref('int_not_delivered_resolution') }} as not_delivered
        on replace(lower(value.resolution), '’', '''') = not_delivered.resolution

)

select
    valued.sprint_id,
    valued.issue_id,
    issue.issue_key,
    sprint.kind as sprint_kind,
    sprint.sequence_scope,
    sprint.board_id,
    -- T11: the Team field, else the team of the board, else the default team of the project.
    coalesce(valued.team_id, board_team.team_id, project_team.team_id) as team_id,
    coalesce(valued.project_id, issue.project_id) as project_id,
    coalesce(override.program_id, project_program.program_id, 'program:(unassigned)') as program_id,
    valued.disposition,
    valued.is_committed,
    valued.is_in_final_scope,
    valued.is_done_at_end,
    valued.is_unmapped_at_start,
    -- Left over from an earlier time-box of the same board.
    valued.is_committed
    and coalesce(
        min(case when valued.disposition like 'not_completed%' then valued.window_end_at end) over (
            partition by sprint.sequence_scope, valued.issue_id
        ) <= valued.effective_start_at,
        false
    ) as is_carried_in,
    valued.effective_start_at,
    valued.window_end_at,
    valued.entry_at,
    valued.exit_at,
    valued.start_estimate,
    valued.entry_estimate,
    valued.exit_estimate,
    valued.end_estimate,
    case when valued.is_committed then valued.base_points else 0 end as committed_points,
    case when valued.is_ever_in_scope and not valued.is_committed then valued.base_points else 0 end as added_points,
    case when valued.is_ever_in_scope and not valued.is_in_final_scope then valued.last_points else 0 end
        as removed_points,
    case when valued.is_ever_in_scope then valued.last_points - valued.base_points else 0 end as estimate_change_points,
    case when valued.is_in_final_scope then valued.last_points else 0 end as final_scope_points,
    case when valued.is_completed then valued.last_points else 0 end as completed_points,
    case when valued.is_completed and valued.is_committed then valued.base_points else 0 end
        as completed_initial_points,
    case when valued.is_completed and valued.is_deliverable then valued.last_points else 0 end as delivered_points,
    cast(valued.is_committed as integer) as committed_count,
    cast(valued.is_ever_in_scope and not valued.is_committed as integer) as added_count,
    cast(valued.is_ever_in_scope and not valued.is_in_final_scope as integer) as removed_count,
    cast(valued.is_in_final_scope as integer) as final_scope_count,
    cast(valued.is_completed as integer) as completed_count,
    cast(valued.is_completed and valued.is_committed as integer) as completed_initial_count,
    cast(valued.is_completed and valued.is_deliverable as integer) as delivered_count,
    valued.precision_seconds,
    valued.membership_provenance
from valued
inner join sprint on valued.sprint_id = sprint.sprint_id
inner join {{ ref('int_issue') }} as issue on valued.issue_id = issue.issue_id
left join {{ ref('int_board_team') }} as board_team on sprint.board_id = board_team.board_id
left join {{ ref('int_project_team') }} as project_team
    on coalesce(valued.project_id, issue.project_id) = project_team.project_id
left join {{ ref('int_project_program') }} as project_program
    on coalesce(valued.project_id, issue.project_id) = project_program.project_id
left join {{ ref('int_issue_program_override') }} as override on valued.issue_id = override.issue_id
