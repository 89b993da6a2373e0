-- One row per program and project with the first day on which something was delivered or a time-box with
-- its issues ended.
with activity as (

    select
        program_id,
        project_id,
        min(finished_date) as first_date
    from {{ ref('int_delivered_issue') }}
    group by program_id, project_id
    union all
    select
        program_id,
        project_id,
        cast(min(timezone('UTC', window_end_at)) as date) as first_date
    from {{ ref('int_sprint_issue_measure') }}
    group by program_id, project_id

)

select
    program_id,
    project_id,
    min(first_date) as first_date
from activity
group by program_id, project_id
