-- One row per delivered issue of the last history_days and cohort it is in: what ageing work is compared with
-- (METRICS.md 3.2). The nearest cohort has the lowest level. Kind cycle: cycle times by team and type, team, project
-- and program. Kind stage: ages on leaving a status for the last time, by team and by project.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

delivered as (

    select
        cycle.issue_id,
        cycle.team_id,
        cycle.type,
        cycle.project_id,
        cycle.program_id,
        cycle.flow_cycle_time_s,
        cycle.finished_at,
        case when parameter.cycle_mode = 'wipe_on_backward' then clock.restarted_at else clock.started_at end
            as started_at
    from {{ ref('int_issue_cycle') }} as cycle
    inner join {{ ref('int_issue_clock') }} as clock on cycle.issue_id = clock.issue_id
    cross join parameter
    where
        cycle.is_in_flow_scope
        and cycle.flow_cycle_time_s is not null
        and cycle.finished_at > parameter.as_of - cast(parameter.history_days as integer) * interval '1 day'

),

stage as (

    select
        delivered.issue_id,
        delivered.team_id,
        delivered.project_id,
        status_interval.status_id,
        date_diff('second', max(delivered.started_at), max(status_interval.valid_to)) as seconds
    from delivered
    inner join {{ ref('int_issue_status_interval') }} as status_interval
        on
            delivered.issue_id = status_interval.issue_id
            and delivered.finished_at >= status_interval.valid_to
            and delivered.started_at < status_interval.valid_to
    where status_interval.category = 'in_progress'
    group by delivered.issue_id, delivered.team_id, delivered.project_id, status_interval.status_id

)

select
    'cycle' as kind,
    1 as level,
    team_id || ' ' || coalesce(type, '') as cohort_id,
    issue_id,
    flow_cycle_time_s as seconds
from delivered
where team_id is not null
union all
select
    'cycle' as kind,
    2 as level,
    team_id as cohort_id,
    issue_id,
    flow_cycle_time_s as seconds
from delivered
where team_id is not null
union all
select
    'cycle' as kind,
    3 as level,
    project_id as cohort_id,
    issue_id,
    flow_cycle_time_s as seconds
from delivered
union all
select
    'cycle' as kind,
    4 as level,
    program_id as cohort_id,
    issue_id,
    flow_cycle_time_s as seconds
from delivered
union all
select
    'stage' as kind,
    1 as level,
    team_id || ' ' || status_id as cohort_id,
    issue_id,
    seconds
from stage
where team_id is not null
union all
select
    'stage' as kind,
    2 as level,
    project_id || ' ' || status_id as cohort_id,
    issue_id,
    seconds
from stage
