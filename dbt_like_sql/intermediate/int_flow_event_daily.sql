-- One row per scope and local day on which something moved, with what came, began, was delivered, and how the work in
-- progress changed from the end of the day before to the end of this one.
with issue_scope as (

    select * from {{ ref('int_issue_flow_zone') }}

),

in_progress as (

    select * from {{ ref('int_flow_stay') }}
    where stage = 'in_progress'

),

milestone as (

    select distinct
        issue_id,
        'created' as kind,
        created_at as reached_at
    from issue_scope
    union all
    select
        issue_id,
        'started' as kind,
        started_at as reached_at
    from {{ ref('int_issue_clock') }}
    where started_at is not null
    union all
    select
        issue_id,
        'first_done' as kind,
        first_done_at as reached_at
    from {{ ref('int_issue_clock') }}
    where first_done_at is not null

),

movement as (

    -- In progress at the end of a day if it entered on that day or before and leaves on a later one.
    select
        scope_type,
        scope_id,
        from_date as date,
        'wip' as kind,
        1 as amount
    from in_progress
    where to_date is null or to_date > from_date
    union all
    select
        scope_type,
        scope_id,
        to_date as date,
        'wip' as kind,
        -1 as amount
    from in_progress
    where to_date > from_date
    union all
    select
        scope_type,
        scope_id,
        finished_date as date,
        'delivered' as kind,
        1 as amount
    from {{ ref('int_flow_delivery') }}
    union all
    select
        issue_scope.scope_type,
        issue_scope.scope_id,
        cast(timezone(issue_scope.timezone, milestone.reached_at) as date) as date,
        milestone.kind,
        1 as amount
    from milestone
    inner join issue_scope
        on
            milestone.issue_id = issue_scope.issue_id
            and milestone.reached_at >= issue_scope.valid_from
            and (issue_scope.valid_to is null or milestone.reached_at < issue_scope.valid_to)

)

select
    scope_type,
    scope_id,
    date,
    cast(sum(case when kind = 'wip' then amount else 0 end) as bigint) as wip_change,
    cast(sum(case when kind = 'created' then amount else 0 end) as bigint) as created_count,
    cast(sum(case when kind = 'started' then amount else 0 end) as bigint) as started_count,
    cast(sum(case when kind = 'first_done' then amount else 0 end) as bigint) as first_done_count,
    cast(sum(case when kind = 'delivered' then amount else 0 end) as bigint) as delivered_count
from movement
group by scope_type, scope_id, date
