-- One row per measurable time-box and instant at which its scope or what is done of it changed, from its start on:
-- the steps of a burn-up. The last row is what mart_team_sprint_velocity says of the end.
with piece as (

    select * from {{ ref('int_sprint_scope_piece') }}

),

sprint as (

    select * from {{ ref('int_sprint_clock') }}
    where is_measurable

),

movement as (

    select
        sprint_id,
        effective_start_at as occurred_at,
        0 as points,
        0 as issues,
        0 as done_points,
        0 as done_issues
    from sprint
    union all
    select
        sprint_id,
        valid_from as occurred_at,
        coalesce(points, 0) as points,
        1 as issues,
        case when is_done then coalesce(points, 0) else 0 end as done_points,
        cast(is_done as integer) as done_issues
    from piece
    union all
    select
        piece.sprint_id,
        piece.valid_to as occurred_at,
        -coalesce(piece.points, 0) as points,
        -1 as issues,
        case when piece.is_done then -coalesce(piece.points, 0) else 0 end as done_points,
        -cast(piece.is_done as integer) as done_issues
    from piece
    inner join sprint on piece.sprint_id = sprint.sprint_id
    where piece.valid_to < sprint.window_end_at

),

step as (

    select
        sprint_id,
        occurred_at,
        sum(points) as points,
        sum(issues) as issues,
        sum(done_points) as done_points,
        sum(done_issues) as done_issues
    from movement
    group by sprint_id, occurred_at

)

select
    step.sprint_id,
    sprint.name as sprint_name,
    team.team_id,
    team.name as team_name,
    sprint.state,
    sprint.effective_start_at,
    sprint.planned_end_at,
    step.occurred_at,
    sum(step.points) over to_date as scope_points,
    cast(sum(step.issues) over to_date as bigint) as scope_count,
    sum(step.done_points) over to_date as completed_points,
    cast(sum(step.done_issues) over to_date as bigint) as completed_count,
    parameter.as_of,
    parameter.config_version
from step
inner join sprint on step.sprint_id = sprint.sprint_id
left join {{ ref('int_board_team') }} as board_team on sprint.board_id = board_team.board_id
left join {{ ref('int_team') }} as team on board_team.team_id = team.team_id
cross join {{ source('ops', 'build_parameter') }} as parameter
window to_date as (
    partition by step.sprint_id order by step.occurred_at rows between unbounded preceding and current row
)
