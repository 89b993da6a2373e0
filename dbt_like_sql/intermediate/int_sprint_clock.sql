-- One row per time-box with its state as of as_of, the window in which it is measured, and what done means in it
-- (METRICS.md T10, 2.3).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

board_column as (

    select distinct board_id from {{ ref('int_board_column_interval') }}

),

span as (

    select
        sprint_span.*,
        case when sprint_span.kind = 'jira_sprint' then parameter.done_basis_jira else parameter.done_basis_github end
            as done_basis
    from {{ ref('int_sprint_span') }} as sprint_span
    cross join parameter

)

select
    span.sprint_id,
    span.kind,
    span.source,
    span.board_id,
    span.project_id,
    span.sequence_scope,
    span.name,
    span.goal,
    case
        when span.started_at is null or span.started_at > parameter.as_of then 'future'
        when span.finished_at <= parameter.as_of then 'closed'
        else 'active'
    end as state,
    span.started_at as effective_start_at,
    span.begun_at as planned_start_at,
    case when span.finished_at <= parameter.as_of then span.finished_at end as effective_end_at,
    span.due_at as planned_end_at,
    span.created_at,
    span.duration_days,
    span.start_provenance,
    case when span.finished_at <= parameter.as_of then span.end_provenance end as end_provenance,
    coalesce(span.finished_at > parameter.as_of, true) as is_provisional,
    -- A closed sprint of which nobody knows the end, or one that ended before it began, cannot be measured.
    coalesce(
        span.started_at <= parameter.as_of
        and (
            span.finished_at > span.started_at
            or (span.finished_at is null and coalesce(span.state, 'active') <> 'closed')
        ),
        false
    ) as is_measurable,
    -- End of the measured window, read as a left limit. What happened at as_of itself is visible (T4), hence the
    -- microsecond: the resolution of every instant in the warehouse.
    case
        when span.finished_at <= parameter.as_of then span.finished_at
        else parameter.as_of + interval '1 microsecond'
    end as window_end_at,
    parameter.close_grace_seconds,
    -- A board whose columns cannot be read falls back to status categories.
    case
        when span.done_basis = 'board_column' and board_column.board_id is not null then span.board_id
        when span.done_basis = 'closed' then 'closed'
        else 'status_category'
    end as done_basis_key
from span
cross join parameter
left join board_column on span.board_id = board_column.board_id
