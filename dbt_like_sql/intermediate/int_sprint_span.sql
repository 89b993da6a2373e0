-- One row per time-box the tracker still shows, with its start and end as instants, however the tracker tells them
-- (METRICS.md T10, 2.3).
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

-- Dates become instants in the iteration time zone; instants told by the tracker stay as they are.
dated as (

    select
        sprint.*,
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

)

select
    sprint_id,
    kind,
    source,
    board_id,
    project_id,
    sequence_scope,
    name,
    goal,
    state,
    created_at,
    duration_days,
    begun_at,
    due_at,
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
    end as started_at,
    finished_at,
    case
        when kind = 'jira_sprint' and activated_at is not null then 'activated'
        when begun_at is not null then 'planned'
        when kind = 'gh_milestone' then 'derived'
    end as start_provenance,
    case
        when kind <> 'gh_iteration' and completed_at is not null then 'completed'
        when finished_at is not null then 'planned'
    end as end_provenance
from finished
