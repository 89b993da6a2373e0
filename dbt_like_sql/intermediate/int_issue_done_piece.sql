-- One row per issue, basis of being done and period of one status on one configuration of the board: done in it or not.
-- basis_key is status_category, closed, or a board, whose right-most column then means done (METRICS.md 2.1).
with status_interval as (

    select * from {{ ref('int_issue_status_interval') }}

),

board_column as (

    select * from {{ ref('int_board_column_interval') }}

),

configuration as (

    select distinct
        board_id,
        valid_from,
        valid_to
    from board_column

),

-- Only boards in whose sprints an issue ever was are asked.
issue_board as (

    select distinct
        membership.issue_id,
        sprint.done_basis_key as board_id
    from {{ ref('int_sprint_membership') }} as membership
    inner join {{ ref('int_sprint_clock') }} as sprint on membership.sprint_id = sprint.sprint_id

),

by_board as (

    select
        status_interval.issue_id,
        configuration.board_id as basis_key,
        -- A closed GitHub issue is in no column of its own, and done all the same.
        coalesce(board_column.is_done_column, status_interval.status_id like 'github:%:status:closed', false)
            as is_done,
        greatest(status_interval.valid_from, configuration.valid_from) as valid_from,
        least(status_interval.valid_to, configuration.valid_to) as valid_to
    from issue_board
    inner join status_interval on issue_board.issue_id = status_interval.issue_id
    inner join configuration
        on
            issue_board.board_id = configuration.board_id
            and (status_interval.valid_to is null or status_interval.valid_to > configuration.valid_from)
            and (configuration.valid_to is null or status_interval.valid_from < configuration.valid_to)
    left join board_column
        on
            configuration.board_id = board_column.board_id
            and configuration.valid_from = board_column.valid_from
            and status_interval.status_id = board_column.status_id

),

by_category as (

    select
        issue_id,
        'status_category' as basis_key,
        category = 'done' as is_done,
        valid_from,
        valid_to
    from status_interval

),

-- Closed is GitHub's own state; Jira has no other word for it than the category.
by_closed as (

    select
        issue_id,
        'closed' as basis_key,
        coalesce(
            case when status_id like 'github:%' then status_id like 'github:%:status:closed' else category = 'done' end,
            false
        ) as is_done,
        valid_from,
        valid_to
    from status_interval

)

select * from by_board
union all
select * from by_category
union all
select * from by_closed
