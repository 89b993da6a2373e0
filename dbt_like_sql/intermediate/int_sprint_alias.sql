-- One row per time-box as its tracker ever named it, with the id it has now.
-- Editing the iterations of a GitHub project gives all of them new ids; what has the same dates, name and project is
-- the same iteration.
with shown as (

    select distinct sprint_id from {{ source('core', 'board_sprint') }}

),

sprint as (

    select
        sprint.sprint_id,
        sprint.kind,
        sprint.synced_at,
        case
            when sprint.kind = 'gh_iteration'
                then concat_ws(
                    '|', sprint.board_id, sprint.name, cast(sprint.start_date as text), cast(sprint.end_date as text)
                )
            else sprint.sprint_id
        end as identity,
        shown.sprint_id is not null as is_shown
    from {{ source('core', 'sprint') }} as sprint
    left join shown on sprint.sprint_id = shown.sprint_id

),

ranked as (

    select
        *,
        first_value(sprint_id) over (
            partition by identity order by is_shown desc, synced_at desc, sprint_id asc
        ) as current_sprint_id
    from sprint

)

select
    sprint_id,
    current_sprint_id
from ranked
