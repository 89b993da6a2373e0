-- One row per issue and period in which it was blocked: flagged or waiting for another issue, overlaps joined
-- (METRICS.md 4.2). Only while it was open; edges whose beginning nobody recorded say nothing of the past.
with reason as (

    select
        issue_id,
        valid_from,
        valid_to
    from {{ ref('int_issue_flag_interval') }}
    union all
    select
        blocked_issue_id as issue_id,
        valid_from,
        valid_to
    from {{ ref('int_dependency_active_interval') }}
    where not is_backfilled

),

open_interval as (

    select *
    from {{ ref('int_issue_done_interval') }}
    where basis_key = 'status_category' and not is_done

),

clipped as (

    select
        reason.issue_id,
        greatest(reason.valid_from, open_interval.valid_from) as valid_from,
        -- A far end instead of null, so that ends can be compared.
        coalesce(
            least(reason.valid_to, open_interval.valid_to), timestamptz '9999-01-01 00:00:00+00:00'
        ) as valid_to
    from reason
    inner join open_interval
        on
            reason.issue_id = open_interval.issue_id
            and (reason.valid_to is null or reason.valid_to > open_interval.valid_from)
            and (open_interval.valid_to is null or reason.valid_from < open_interval.valid_to)

),

reached as (

    select
        *,
        max(valid_to) over (
            partition by issue_id order by valid_from, valid_to
            rows between unbounded preceding and 1 preceding
        ) as reached_to
    from clipped

),

grouped as (

    select
        *,
        sum(case when reached_to >= valid_from then 0 else 1 end) over (
            partition by issue_id order by valid_from, valid_to
            rows between unbounded preceding and current row
        ) as group_no
    from reached

)

select
    issue_id,
    min(valid_from) as valid_from,
    case when max(valid_to) < timestamptz '9999-01-01 00:00:00+00:00' then max(valid_to) end as valid_to
from grouped
group by issue_id, group_no
