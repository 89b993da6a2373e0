-- One row per program with counts of its issues at as_of. Issues at story level; deleted ones do not count.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

issue as (

    select
        attribution.program_id,
        attribution.timezone,
        int_issue.is_history_complete,
        state.category,
        state.estimate_points,
        state.due_date,
        plan.due_date_at,
        clock.finished_at,
        cycle.is_in_flow_scope,
        blocked.issue_id is not null as is_blocked,
        date_diff('second', clock.finished_at, parameter.as_of) / 86400 as days_since_finish,
        parameter.as_of
    from {{ ref('int_issue') }} as int_issue
    cross join parameter
    inner join {{ ref('int_issue_attribution') }} as attribution on int_issue.issue_id = attribution.issue_id
    inner join {{ ref('int_issue_state') }} as state on int_issue.issue_id = state.issue_id
    inner join {{ ref('int_issue_clock') }} as clock on int_issue.issue_id = clock.issue_id
    inner join {{ ref('int_issue_cycle') }} as cycle on int_issue.issue_id = cycle.issue_id
    left join {{ ref('int_issue_plan') }} as plan on int_issue.issue_id = plan.issue_id
    left join {{ ref('int_issue_blocked') }} as blocked on int_issue.issue_id = blocked.issue_id
    where not int_issue.is_deleted and coalesce(int_issue.hierarchy_level, 0) = 0

)

select
    program_id,
    count(*) as issue_count,
    count(*) filter (where category <> 'done') as open_count,
    count(*) filter (where category = 'done') as done_count,
    count(*) filter (where category = 'in_progress') as wip_count,
    count(*) filter (where category <> 'done' and is_blocked) as blocked_count,
    count(*) filter (where category <> 'done' and due_date_at <= as_of) as overdue_count,
    count(*) filter (where is_in_flow_scope and days_since_finish < 28) as throughput_28d,
    count(*) filter (where is_in_flow_scope and days_since_finish >= 28 and days_since_finish < 56)
        as throughput_previous_28d,
    count(*) filter (where category <> 'done' and estimate_points is null) as unestimated_open_count,
    count(*) filter (where not is_history_complete) as incomplete_history_count
from issue
group by program_id
