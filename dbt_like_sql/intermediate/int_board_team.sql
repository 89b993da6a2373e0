-- One row per board with the team that works on it; of several, the first that program.yaml names.
with ranked as (

    select
        board_id,
        team_id,
        row_number() over (partition by board_id order by team_key nulls last, team_id) as choice_no
    from {{ ref('int_team') }}
    where board_id is not null

)

select
    board_id,
    team_id
from ranked
where choice_no = 1
