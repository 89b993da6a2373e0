-- One row per rule of data quality and issue that was ever done. Restated: what was delivered in one month was opened
-- again, deleted or lost to sight in a later one, and the closed month tells less now than it did (METRICS.md T12).
with issue as (

    select
        dim_issue.issue_id,
        dim_issue.issue_key,
        dim_issue.project_id,
        dim_issue.is_deleted,
        project_program.timezone
    from {{ ref('dim_issue') }} as dim_issue
    inner join {{ ref('int_project_program') }} as project_program
        on dim_issue.project_id = project_program.project_id

)

select
    'restated_history' as rule,
    'warning' as severity,
    issue.issue_id,
    min(issue.project_id) as project_id,
    min(issue.issue_key) as record_key,
    bool_or(
        done_interval.valid_to is not null
        and date_trunc('month', timezone(issue.timezone, done_interval.valid_from))
        < date_trunc('month', timezone(issue.timezone, done_interval.valid_to))
    ) as is_failed
from issue
inner join {{ ref('int_issue_done_interval') }} as done_interval on issue.issue_id = done_interval.issue_id
where done_interval.is_done and done_interval.basis_key = 'status_category'
group by issue.issue_id
union all
select
    'finished_without_start' as rule,
    'info' as severity,
    issue.issue_id,
    issue.project_id,
    issue.issue_key as record_key,
    clock.is_in_progress_skipped as is_failed
from issue
inner join {{ ref('int_issue_clock') }} as clock on issue.issue_id = clock.issue_id
where not issue.is_deleted and clock.finished_at is not null
