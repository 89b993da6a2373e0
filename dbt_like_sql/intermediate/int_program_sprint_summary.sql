-- One row per program with its part in the last rolling_k closed time-boxes of every board that worked for it.
-- What was promised and kept is taken from those whose membership is known: of an iteration that nobody watched only
-- the finished issues are left, and it would look as if every promise had been kept.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

sprint_issue as (

    select * from {{ ref('int_sprint_issue_measure') }}

),

sprint as (

    select
        sprint_issue.program_id,
        sprint_issue.sequence_scope,
        sprint_issue.sprint_id,
        sprint_issue.window_end_at,
        confidence.is_approximate,
        sum(sprint_issue.committed_count) as committed_count,
        sum(sprint_issue.completed_count) as completed_count,
        sum(sprint_issue.completed_initial_count) as completed_initial_count,
        sum(sprint_issue.delivered_count) as delivered_count
    from sprint_issue
    inner join {{ ref('int_sprint_in_roll_up') }} as counted_sprint
        on sprint_issue.sprint_id = counted_sprint.sprint_id
    inner join {{ ref('int_sprint_clock') }} as clock on sprint_issue.sprint_id = clock.sprint_id
    inner join {{ ref('int_sprint_confidence') }} as confidence on sprint_issue.sprint_id = confidence.sprint_id
    where clock.state = 'closed'
    group by
        sprint_issue.program_id,
        sprint_issue.sequence_scope,
        sprint_issue.sprint_id,
        sprint_issue.window_end_at,
        confidence.is_approximate

),

recent as (

    select
        *,
        row_number() over (
            partition by program_id, sequence_scope order by window_end_at desc, sprint_id desc
        ) as recency_no
    from sprint

)

select
    recent.program_id,
    count(*) filter (where not recent.is_approximate) as sprint_count,
    count(*) filter (where recent.is_approximate) as approximate_sprint_count,
    cast(sum(recent.committed_count) filter (where not recent.is_approximate) as bigint) as committed_count,
    cast(sum(recent.completed_count) filter (where not recent.is_approximate) as bigint) as completed_count,
    cast(sum(recent.completed_initial_count) filter (where not recent.is_approximate) as bigint)
        as completed_initial_count,
    cast(sum(recent.delivered_count) filter (where not recent.is_approximate) as bigint) as delivered_count,
    -- Work finished per sprint now against the sprints before: above 1 is faster.
    avg(case when recent.recency_no <= 3 then recent.completed_count end) as recent_completed_mean,
    avg(case when recent.recency_no > 3 then recent.completed_count end) as earlier_completed_mean
from recent
cross join parameter
where recent.recency_no <= parameter.rolling_k
group by recent.program_id
