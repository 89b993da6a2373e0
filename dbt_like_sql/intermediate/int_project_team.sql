-- One row per project with a default team: the one whose board is located there, or the only one whose boards show it
-- (METRICS.md T11). A project that several teams share has none.
with located as (

    select
        board.project_id,
        min(board_team.team_id) as team_id
    from {{ source('core', 'board') }} as board
    inner join {{ ref('int_board_team') }} as board_team on board.board_id = board_team.board_id
    where board.project_id is not null
    group by board.project_id
    having count(distinct board_team.team_id) = 1

),

shown as (

    select
        board_project.project_id,
        min(board_team.team_id) as team_id
    from {{ source('core', 'board_project') }} as board_project
    inner join {{ ref('int_board_team') }} as board_team on board_project.board_id = board_team.board_id
    group by board_project.project_id
    having count(distinct board_team.team_id) = 1

)

select
    project.project_id,
    coalesce(located.team_id, shown.team_id) as team_id
from {{ source('core', 'project') }} as project
left join located on project.project_id = located.project_id
left join shown on project.project_id = shown.project_id
where coalesce(located.team_id, shown.team_id) is not null
