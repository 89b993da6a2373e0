-- One row per board.
select
    board.board_id,
    board.name,
    board.type,
    board.instance as tracker,
    board.project_id,
    board_team.team_id,
    board.filter,
    board.estimation_field_id,
    board.estimation_field_name,
    board.sprint_support,
    board.url
from {{ source('core', 'board') }} as board
left join {{ ref('int_board_team') }} as board_team on board.board_id = board_team.board_id
