-- One row per project with when it was last read without a failure. A stream that was skipped is no failure.
with reading as (

    select
        tracker,
        project,
        min(started_at) as started_at
    from {{ source('ops', 'sync_log') }}
    group by tracker, project, run_id
    having bool_and(status <> 'failed') and bool_or(status = 'ok')

),

latest as (

    select
        tracker,
        project,
        max(started_at) as last_read_at
    from reading
    group by tracker, project

)

select
    project.project_id,
    latest.last_read_at
from {{ source('core', 'project') }} as project
left join latest
    on
        project.instance = latest.tracker
        -- GitHub's projects are read with the site, not one by one.
        and latest.project
        = case when project.container_type = 'gh_project_v2' then '_site' else project.project_key end
