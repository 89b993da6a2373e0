-- One row per measurable time-box with how much of its membership is known to the day (METRICS.md 2.3).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

sprint as (

    select
        sprint_id,
        kind,
        board_id,
        window_end_at
    from {{ ref('int_sprint_clock') }}
    where is_measurable

),

-- Sub-tasks follow their parent without a trace in their history; they matter only where they count.
issue as (

    select * from {{ ref('int_issue') }}
    where not is_subtask or (select parameter.include_subtasks from parameter)

),

stay as (

    select
        membership.sprint_id,
        count(*) as stay_count,
        count(*) filter (
            where
            membership.precision_seconds > 86400
            -- Iterations are read with the project items; all others stand in the history of the issue.
            or (sprint.kind <> 'gh_iteration' and not issue.is_history_complete)
            -- Who was still in it after its iterations were cleared, nobody knows.
            or coalesce(membership.kept_from < sprint.window_end_at, false)
        ) as imprecise_count
    from {{ ref('int_sprint_membership') }} as membership
    inner join sprint on membership.sprint_id = sprint.sprint_id
    inner join issue on membership.issue_id = issue.issue_id
    group by membership.sprint_id

),

possible as (

    select
        possible_stay.sprint_id,
        count(*) as possible_count
    from {{ ref('int_sprint_possible_stay') }} as possible_stay
    inner join issue on possible_stay.issue_id = issue.issue_id
    group by possible_stay.sprint_id

),

-- Where no history is told, an issue that left leaves no trace: an empty sprint may have been a full one.
untold_board as (

    select distinct board_project.board_id
    from {{ source('core', 'board_project') }} as board_project
    inner join issue on board_project.project_id = issue.project_id
    where issue.history_gap = 'not_served'

),

counted as (

    select
        sprint.sprint_id,
        untold_board.board_id is not null as is_untold,
        coalesce(stay.stay_count, 0) as stay_count,
        coalesce(stay.imprecise_count, 0) as imprecise_count,
        coalesce(possible.possible_count, 0) as possible_count
    from sprint
    left join stay on sprint.sprint_id = stay.sprint_id
    left join possible on sprint.sprint_id = possible.sprint_id
    left join untold_board on sprint.board_id = untold_board.board_id

),

rated as (

    select
        *,
        case
            when stay_count + possible_count = 0 and is_untold then cast(0 as double)
            else
                1
                - (imprecise_count + possible_count) / cast(nullif(stay_count + possible_count, 0) as double)
        end as sprint_confidence
    from counted

)

select
    sprint_id,
    stay_count,
    imprecise_count,
    possible_count,
    sprint_confidence,
    coalesce(sprint_confidence < 0.8, false) as is_approximate
from rated
