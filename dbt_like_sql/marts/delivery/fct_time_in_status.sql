-- One row per issue and status it was ever in, with how long and how often, up to as_of or its deletion
-- (METRICS.md 3.1).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

visit as (

    select
        status_interval.issue_id,
        coalesce(status_interval.status_id, '(unknown)') as status_id,
        status_interval.category,
        status_interval.wait_class,
        status_interval.valid_from,
        coalesce(status_interval.valid_to, parameter.as_of) as left_at,
        status_interval.valid_to is null as is_current,
        -- The part of the visit between start and finish; what was done then was reopened.
        greatest(status_interval.valid_from, clock.started_at) as counted_from,
        least(coalesce(status_interval.valid_to, parameter.as_of), clock.finished_at) as counted_to,
        clock.started_at
    from {{ ref('int_issue_status_interval') }} as status_interval
    inner join {{ ref('int_issue_clock') }} as clock on status_interval.issue_id = clock.issue_id
    cross join parameter

),

stay as (

    select
        issue_id,
        status_id,
        max(category) as category,
        max(wait_class) as wait_class,
        count(*) as visit_count,
        cast(sum(date_diff('second', valid_from, left_at)) as bigint) as seconds,
        cast(
            sum(
                case
                    when started_at is not null and counted_from < counted_to
                        then date_diff('second', counted_from, counted_to)
                    else 0
                end
            ) as bigint
        ) as cycle_seconds,
        min(valid_from) as first_entered_at,
        max(case when not is_current then left_at end) as last_left_at,
        bool_or(is_current) as is_current
    from visit
    group by issue_id, status_id

)

select
    stay.issue_id,
    stay.status_id,
    coalesce(status.name, stay.status_id) as status_name,
    stay.category as status_category,
    stay.wait_class,
    cycle.type,
    cycle.project_id,
    cycle.program_id,
    cycle.team_id,
    cycle.is_in_flow_scope,
    cycle.finished_at,
    stay.visit_count,
    stay.seconds,
    stay.cycle_seconds,
    stay.first_entered_at,
    stay.last_left_at,
    stay.is_current,
    parameter.as_of,
    parameter.config_version
from stay
inner join {{ ref('int_issue_cycle') }} as cycle on stay.issue_id = cycle.issue_id
cross join parameter
left join {{ source('core', 'status') }} as status on stay.status_id = status.status_id
