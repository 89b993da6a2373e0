-- One row per time-box with the instants at which it really started and ended as of as_of (METRICS.md T10, 2.3).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

sprint as (

    select told.*
    from {{ source('core', 'sprint') }} as told
    inner join {{ ref('int_sprint_alias') }} as alias
        on told.sprint_id = alias.sprint_id and alias.sprint_id = alias.current_sprint_id
    where not coalesce(told.is_deleted, false)

),

board_column as (

    select distinct board_id from {{ ref('int_board_column_interval') }}

),

-- Dates become instants in the iteration time zone; instants told by the tracker stay as they are.
dated as (

    select
        sprint.*,
        parameter.as_of,
        parameter.close_grace_seconds,
        case when sprint.kind = 'jira_sprint' then parameter.done_basis_jira else parameter.done_basis_github end
            as done_basis,
        case
            when sprint.kind <> 'jira_sprint' and sprint.start_date is not null
                then timezone(parameter.iteration_timezone, cast(sprint.start_date as timestamp))
            else coalesce(sprint.activated_at, sprint.start_at)
        end as begun_at,
        case
            when sprint.kind <> 'jira_sprint' and sprint.end_date is not null
                then timezone(parameter.iteration_timezone, cast(sprint.end_date as timestamp))
            else sprint.planned_end_at
        end as due_at
    from sprint
    cross join parameter

),

finished as (

    select
        *,
        case
            when kind = 'gh_iteration' then due_at
            when kind = 'gh_milestone' then coalesce(completed_at, due_at)
            when completed_at is not null then completed_at
            when state = 'closed' then due_at
        end as finished_at,
        -- Time-boxes that follow each other: those of a board, or the milestones of a repository.
        kind
        || ':'
        || coalesce(case when kind = 'gh_milestone' then project_id else board_id end, project_id, sprint_id)
            as sequence_scope
    from dated

),

started as (

    select
        *,
        case
            when kind = 'jira_sprint' and state = 'future' then null
            when kind = 'gh_milestone'
                then coalesce(
                    begun_at,
                    lag(finished_at) over (
                        partition by sequence_scope order by finished_at nulls last, created_at, sprint_id
                    ),
                    created_at
                )
            else begun_at
        end as started_at
    from finished

)

select
    started.sprint_id,
    started.kind,
    started.source,
    started.board_id,
    started.project_id,
    started.sequence_scope,
    started.name,
    started.goal,
    case
        when started.started_at is null or started.started_at > started.as_of then 'future'
        when started.finished_at <= started.as_of then 'closed'
        else 'active'
    end as state,
    started.started_at as effective_start_at,
    started.begun_at as planned_start_at,
    case when started.finished_at <= started.as_of then started.finished_at end as effective_end_at,
    coalesce(started.due_at, started.planned_end_at) as planned_end_at,
    started.created_at,
    started.duration_days,
    coalesce(started.finished_at > started.as_of, true) as is_provisional,
    -- A closed sprint of which nobody knows the end, or one that ended before it began, cannot be measured.
    coalesce(
        started.started_at <= started.as_of
        and (
            started.finished_at > started.started_at
            or (started.finished_at is null and coalesce(started.state, 'active') <> 'closed')
        ),
        false
    ) as is_measurable,
    -- End of the measured window, read as a left limit. What happened at as_of itself is visible (T4), hence the
    -- microsecond: the resolution of every instant in the warehouse.
    case
        when started.finished_at <= started.as_of then started.finished_at
        else started.as_of + interval '1 microsecond'
    end as window_end_at,
    started.close_grace_seconds,
    -- A board whose columns cannot be read falls back to status categories.
    case
        when started.done_basis = 'board_column' and board_column.board_id is not null then started.board_id
        when started.done_basis = 'closed' then 'closed'
        else 'status_category'
    end as done_basis_key
from started
left join board_column on started.board_id = board_column.board_id
