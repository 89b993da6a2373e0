-- One row per rule of data quality and issue it was held against.
with issue as (

    select
        *,
        coalesce(hierarchy_level, 0) = 0 as is_story_level,
        coalesce(status_category <> 'done', true) as is_open
    from {{ ref('dim_issue') }}
    where not is_deleted

)

select
    'history_not_read' as rule,
    'warning' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    coalesce(history_gap = 'not_read', false) as is_failed
from issue
union all
select
    'history_cut' as rule,
    'warning' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    coalesce(history_gap = 'cut', false) as is_failed
from issue
union all
select
    'history_not_served' as rule,
    'warning' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    coalesce(history_gap = 'not_served', false) as is_failed
from issue
union all
select
    'history_contradicted' as rule,
    'warning' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    coalesce(history_gap = 'contradicted', false) as is_failed
from issue
union all
select
    'status_without_category' as rule,
    'warning' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    coalesce(status_category, 'unmapped') = 'unmapped' as is_failed
from issue
union all
select
    'due_before_created' as rule,
    'warning' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    due_date < cast(timezone('UTC', created_at) as date) - 1 as is_failed
from issue
where due_date is not null
union all
select
    'open_without_estimate' as rule,
    'info' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    estimate_points is null as is_failed
from issue
where is_open and is_story_level
union all
select
    'without_program' as rule,
    'info' as severity,
    issue_id,
    project_id,
    issue_key as record_key,
    program_id = 'program:(unassigned)' as is_failed
from issue
