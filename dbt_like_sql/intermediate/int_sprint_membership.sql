-- One row per issue, time-box and period in which the issue was in it.
-- Jira's Sprint field is a list to which ids are added and from which closed sprints never leave, so membership is the
-- set difference of successive lists (METRICS.md 1.3).
with issue as (

    select * from {{ ref('int_issue') }}

),

sprint as (

    select * from {{ ref('int_sprint_clock') }}

),

-- The best guess without history: in its first sprint from creation, in each later one since the one before ended.
assumed as (

    select
        issue.issue_id,
        sprint.sprint_id,
        greatest(
            issue.created_at,
            lag(sprint.effective_end_at) over (
                partition by issue.issue_id order by sprint.effective_start_at nulls last, sprint.sprint_id
            )
        ) as valid_from,
        issue.deleted_observed_at as valid_to,
        'creation_default' as provenance,
        field_interval.precision_seconds
    from {{ ref('int_issue_field_interval') }} as field_interval
    inner join issue on field_interval.issue_id = issue.issue_id
    inner join {{ source('core', 'issue_sprint') }} as issue_sprint on issue.issue_id = issue_sprint.issue_id
    inner join sprint on issue_sprint.sprint_id = sprint.sprint_id
    where
        issue.source = 'jira'
        and sprint.kind = 'jira_sprint'
        and field_interval.field = 'sprint'
        and field_interval.provenance = 'creation_default'

),

piece as (

    select
        *,
        coalesce(
            valid_from > lag(valid_to) over (partition by issue_id, sprint_id order by valid_from), true
        ) as is_entry
    from {{ ref('int_sprint_list_entry') }}

),

stay as (

    select
        *,
        sum(case when is_entry then 1 else 0 end) over (partition by issue_id, sprint_id order by valid_from) as stay_no
    from piece

)

select
    issue_id,
    sprint_id,
    min(valid_from) as valid_from,
    case when count(valid_to) = count(*) then max(valid_to) end as valid_to,
    case
        when count(*) filter (where provenance = 'kept_after_clear') > 0 then 'kept_after_clear'
        else min(case when is_entry then provenance end)
    end as provenance,
    max(case when is_entry then precision_seconds end) as precision_seconds,
    min(valid_from) filter (where provenance = 'kept_after_clear') as kept_from
from stay
group by issue_id, sprint_id, stay_no
union all
select
    issue_id,
    sprint_id,
    valid_from,
    valid_to,
    provenance,
    precision_seconds,
    cast(null as timestamptz) as kept_from
from assumed
where valid_to is null or valid_from < valid_to
