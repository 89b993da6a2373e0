-- One row per issue with when it is planned to start and to finish, and what says so (METRICS.md 4.2).
with issue as (

    select
        state.issue_id,
        state.start_date,
        state.due_date,
        attribution.timezone
    from {{ ref('int_issue_state') }} as state
    inner join {{ ref('int_issue_attribution') }} as attribution on state.issue_id = attribution.issue_id

),

-- Of several time-boxes that are not over, the one that ends last.
open_sprint as (

    select
        membership.issue_id,
        sprint.sprint_id,
        sprint.sequence_scope,
        coalesce(sprint.effective_start_at, sprint.planned_start_at) as sprint_start_at,
        sprint.planned_end_at as sprint_end_at,
        row_number() over (
            partition by membership.issue_id order by sprint.planned_end_at desc nulls last, sprint.sprint_id asc
        ) as choice_no
    from {{ ref('int_sprint_membership') }} as membership
    inner join {{ ref('int_sprint_clock') }} as sprint on membership.sprint_id = sprint.sprint_id
    where membership.valid_to is null and sprint.state <> 'closed'

),

release as (

    select
        planned.issue_id,
        min(version.release_date) as release_date
    from {{ ref('int_issue_version_interval') }} as planned
    inner join {{ source('core', 'release_version') }} as version on planned.version_id = version.version_id
    where planned.valid_to is null and not coalesce(version.released, false)
    group by planned.issue_id

),

instant as (

    select
        issue.issue_id,
        open_sprint.sprint_id,
        open_sprint.sequence_scope,
        open_sprint.sprint_start_at,
        open_sprint.sprint_end_at,
        -- A day as a start is its first instant, as a deadline the first instant of the next (T2).
        timezone(issue.timezone, cast(issue.start_date as timestamp)) as start_date_at,
        timezone(issue.timezone, cast(issue.due_date + 1 as timestamp)) as due_date_at,
        timezone(issue.timezone, cast(release.release_date + 1 as timestamp)) as release_at
    from issue
    left join open_sprint on issue.issue_id = open_sprint.issue_id and open_sprint.choice_no = 1
    left join release on issue.issue_id = release.issue_id

)

select
    issue_id,
    sprint_id,
    sequence_scope,
    sprint_start_at,
    coalesce(start_date_at, sprint_start_at) as planned_start_at,
    case
        when start_date_at is not null then 'start_date'
        when sprint_start_at is not null then 'sprint'
    end as planned_start_basis,
    coalesce(due_date_at, sprint_end_at, release_at) as planned_finish_at,
    case
        when due_date_at is not null then 'due_date'
        when sprint_end_at is not null then 'sprint'
        when release_at is not null then 'release'
    end as planned_finish_basis,
    due_date_at
from instant
