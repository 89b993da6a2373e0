-- One row per time-box and committed issue whose status at the start was not on the board: Jira Cloud lets such an
-- issue commit to nothing (METRICS.md 2.1).
with scope as (

    select * from {{ ref('int_sprint_issue_scope') }}

)

select
    scope.sprint_id,
    scope.issue_id
from scope
inner join {{ ref('int_issue_status_interval') }} as status_interval
    on
        scope.issue_id = status_interval.issue_id
        and scope.effective_start_at >= status_interval.valid_from
        and (status_interval.valid_to is null or scope.effective_start_at < status_interval.valid_to)
left join {{ ref('int_board_column_interval') }} as board_column
    on
        scope.done_basis_key = board_column.board_id
        and status_interval.status_id = board_column.status_id
        and scope.effective_start_at >= board_column.valid_from
        and scope.effective_start_at < coalesce(board_column.valid_to, timestamptz '9999-01-01 00:00:00+00:00')
where
    scope.is_committed
    and scope.done_basis_key not in ('status_category', 'closed')
    -- A status nobody knows (no history was kept) may well have been on the board.
    and status_interval.status_id is not null
    and board_column.status_id is null
