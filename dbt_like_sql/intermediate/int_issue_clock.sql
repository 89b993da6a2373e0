-- One row per issue with the instants of its flow: started, first done, finished (METRICS.md 3.1).
with status_interval as (

    select * from {{ ref('int_issue_status_interval') }}

),

done_interval as (

    select * from {{ ref('int_issue_done_interval') }}
    where basis_key = 'status_category'

),

entry as (

    select
        issue_id,
        min(case when category = 'in_progress' then valid_from end) as first_in_progress_at,
        max(case when category = 'todo' then valid_from end) as last_todo_at,
        -- Where no history was kept, work may well have been in progress without our knowing: its start is unknown.
        bool_or(status_id is null) as has_unknown_status
    from status_interval
    group by issue_id

),

-- A move back to todo erases the start: only work begun after the last one counts.
restart as (

    select
        status_interval.issue_id,
        min(status_interval.valid_from) as restarted_at
    from status_interval
    inner join entry on status_interval.issue_id = entry.issue_id
    where
        status_interval.category = 'in_progress'
        and (entry.last_todo_at is null or status_interval.valid_from > entry.last_todo_at)
    group by status_interval.issue_id

),

done as (

    select
        done_interval.issue_id,
        min(case when done_interval.is_done then done_interval.valid_from end) as first_done_at,
        -- Deletion ends a period, but not because the work was reopened.
        max(
            case
                when
                    done_interval.is_done
                    and (done_interval.valid_to is null or done_interval.valid_to = issue.deleted_observed_at)
                    then done_interval.valid_from
            end
        ) as finished_at,
        count(*) filter (
            where done_interval.is_done
            and done_interval.valid_to is not null
            and done_interval.valid_to is distinct from issue.deleted_observed_at
        ) as reopen_count
    from done_interval
    inner join {{ ref('int_issue') }} as issue on done_interval.issue_id = issue.issue_id
    group by done_interval.issue_id

)

select
    entry.issue_id,
    coalesce(
        entry.first_in_progress_at, case when not entry.has_unknown_status then done.finished_at end
    ) as started_at,
    coalesce(
        restart.restarted_at, case when not entry.has_unknown_status then done.finished_at end
    ) as restarted_at,
    done.first_done_at,
    done.finished_at,
    done.reopen_count,
    entry.first_in_progress_at is null and done.finished_at is not null and not entry.has_unknown_status
        as is_in_progress_skipped
from entry
left join restart on entry.issue_id = restart.issue_id
left join done on entry.issue_id = done.issue_id
