-- One row per delivery team.
select
    team_id,
    name,
    board_id,
    estimate_scale_id,
    headcount_fte,
    team_key,
    origin
from {{ ref('int_team') }}
