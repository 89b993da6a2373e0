-- One row per delivery team: those the trackers name, those of program.yaml, and one for each board without either.
with tracker_team as (

    select * from {{ source('core', 'team') }}

),

board as (

    select * from {{ source('core', 'board') }}

),

setting as (

    select
        team_setting.*,
        split_part(team_setting.board_ref, ':', 1) as board_instance,
        substr(team_setting.board_ref, length(split_part(team_setting.board_ref, ':', 1)) + 2) as board_name
    from {{ source('core', 'team_setting') }} as team_setting

),

described as (

    select
        setting.team_key,
        setting.name,
        setting.estimate_scale_id,
        setting.headcount_fte,
        min(board.board_id) as board_id
    from setting
    left join board
        on
            setting.board_instance = board.instance
            and (
                setting.board_name = board.name
                or board.board_id = board.source || ':' || board.instance || ':board:' || setting.board_name
                or board.board_id = board.source || ':' || board.instance || ':' || setting.board_name
            )
    group by setting.team_key, setting.name, setting.estimate_scale_id, setting.headcount_fte

),

named as (

    select
        tracker_team.team_id,
        coalesce(described.name, tracker_team.name) as name,
        coalesce(described.board_id, tracker_team.board_id) as board_id,
        coalesce(described.estimate_scale_id, tracker_team.estimate_scale_id, tracker_team.team_id)
            as estimate_scale_id,
        coalesce(described.headcount_fte, tracker_team.headcount_fte) as headcount_fte,
        described.team_key,
        row_number() over (partition by tracker_team.team_id order by described.team_key) as choice_no
    from tracker_team
    left join described
        on tracker_team.board_id = described.board_id or lower(tracker_team.name) = lower(described.name)

),

known as (

    select
        team_id,
        name,
        board_id,
        estimate_scale_id,
        headcount_fte,
        team_key,
        'tracker' as origin
    from named
    where choice_no = 1
    union all
    select
        'team:' || described.team_key as team_id,
        described.name,
        described.board_id,
        coalesce(described.estimate_scale_id, 'team:' || described.team_key) as estimate_scale_id,
        described.headcount_fte,
        described.team_key,
        'program.yaml' as origin
    from described
    where described.team_key not in (
        select named.team_key from named
        where named.team_key is not null and named.choice_no = 1
    )

)

select * from known
union all
select
    'team:' || board.board_id as team_id,
    board.name,
    board.board_id,
    'team:' || board.board_id as estimate_scale_id,
    cast(null as double) as headcount_fte,
    cast(null as text) as team_key,
    'board' as origin
from board
left join known on board.board_id = known.board_id
where known.team_id is null
