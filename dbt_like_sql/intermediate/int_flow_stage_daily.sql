-- One row per scope, stage and local day on which something changed: how many issues entered the stage or a later one
-- for the first time, and by how much the stock in the stage grew (METRICS.md 3.2).
with issue_scope as (

    select * from {{ ref('int_issue_flow_zone') }}

),

milestone as (

    select distinct
        issue_id,
        'todo' as stage,
        cast(null as timestamptz) as reached_at
    from issue_scope
    union all
    select
        issue_id,
        'in_progress' as stage,
        least(started_at, first_done_at) as reached_at
    from {{ ref('int_issue_clock') }}
    where coalesce(started_at, first_done_at) is not null
    union all
    select
        issue_id,
        'done' as stage,
        first_done_at as reached_at
    from {{ ref('int_issue_clock') }}
    where first_done_at is not null

),

-- What comes into a scope later, comes as far as it has got: so the series stay nested.
entry as (

    select
        issue_scope.scope_type,
        issue_scope.scope_id,
        issue_scope.timezone,
        issue_scope.issue_id,
        milestone.stage,
        min(greatest(issue_scope.valid_from, milestone.reached_at)) as entered_at
    from issue_scope
    inner join milestone
        on
            issue_scope.issue_id = milestone.issue_id
            and (
                issue_scope.valid_to is null
                or milestone.reached_at is null
                or issue_scope.valid_to > milestone.reached_at
            )
    group by
        issue_scope.scope_type, issue_scope.scope_id, issue_scope.timezone, issue_scope.issue_id, milestone.stage

),

stay as (

    select * from {{ ref('int_flow_stay') }}

),

movement as (

    select
        stay.scope_type,
        stay.scope_id,
        stay.stage,
        case when side.moved = 1 then stay.from_date else stay.to_date end as date,
        0 as entered,
        side.moved
    from stay
    cross join (values (1), (-1)) as side (moved)
    where side.moved = 1 or stay.to_date is not null
    union all
    select
        scope_type,
        scope_id,
        stage,
        cast(timezone(timezone, entered_at) as date) as date,
        1 as entered,
        0 as moved
    from entry

)

select
    scope_type,
    scope_id,
    stage,
    date,
    cast(sum(entered) as bigint) as entered_count,
    cast(sum(moved) as bigint) as stock_change
from movement
group by scope_type, scope_id, stage, date
