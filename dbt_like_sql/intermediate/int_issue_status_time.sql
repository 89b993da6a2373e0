-- One row per issue and status it was ever in, with how long and how often (METRICS.md 3.1): the visits that are over,
-- and since when the one that is not.
with visit as (

    select
        status_interval.issue_id,
        coalesce(status_interval.status_id, '(unknown)') as status_id,
        status_interval.category,
        status_interval.wait_class,
        status_interval.valid_from,
        status_interval.valid_to,
        -- The part of the visit between start and finish; what was done then was reopened.
        case when clock.started_at is not null then greatest(status_interval.valid_from, clock.started_at) end
            as counted_from,
        least(status_interval.valid_to, clock.finished_at) as counted_to
    from {{ ref('int_issue_status_interval') }} as status_interval
    inner join {{ ref('int_issue_clock') }} as clock on status_interval.issue_id = clock.issue_id

)

select
    issue_id,
    status_id,
    max(category) as category,
    max(wait_class) as wait_class,
    count(*) as visit_count,
    cast(coalesce(sum(date_diff('second', valid_from, valid_to)), 0) as bigint) as ended_seconds,
    cast(
        coalesce(sum(case when counted_from < counted_to then date_diff('second', counted_from, counted_to) end), 0)
        as bigint
    ) as ended_cycle_seconds,
    min(valid_from) as first_entered_at,
    max(valid_to) as last_left_at,
    max(case when valid_to is null then valid_from end) as open_from,
    max(case when counted_to is null then counted_from end) as open_cycle_from
from visit
group by issue_id, status_id
