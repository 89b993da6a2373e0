-- One row per issue that ever had a due date, with how far and how often it was moved (METRICS.md 3.2). A date that is
-- taken away and set again counts as moved from the one to the other.
with written as (

    select
        issue_id,
        valid_from,
        cast(substr(value, 1, 10) as date) as due_date
    from {{ ref('int_issue_field_interval') }}
    where field = 'due_date' and regexp_matches(value, '^[0-9]{4}-[0-9]{2}-[0-9]{2}')

),

moved as (

    select
        issue_id,
        due_date - lag(due_date) over (partition by issue_id order by valid_from) as moved_days
    from written

)

select
    moved.issue_id,
    max(state.due_date - state.first_due_date) as due_slip_net_days,
    cast(sum(greatest(coalesce(moved.moved_days, 0), 0)) as bigint) as due_slip_gross_days,
    cast(sum(greatest(-coalesce(moved.moved_days, 0), 0)) as bigint) as due_pull_in_days,
    count(*) filter (where moved.moved_days <> 0) as due_change_count
from moved
inner join {{ ref('int_issue_state') }} as state on moved.issue_id = state.issue_id
group by moved.issue_id
