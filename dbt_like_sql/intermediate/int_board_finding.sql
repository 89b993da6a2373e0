-- One row per rule of data quality and time-box, or issue in one, it was held against.
with issue as (

    select
        issue_id,
        issue_key
    from {{ ref('dim_issue') }}
    where not is_deleted

),

sprint as (

    select
        sprint_id,
        board_id,
        state,
        is_measurable
    from {{ ref('dim_sprint') }}
    where board_id is not null

),

membership as (

    select
        stay.sprint_id,
        sprint.board_id,
        stay.issue_id,
        min(issue.issue_key) as issue_key,
        max(stay.precision_seconds) as precision_seconds,
        min(stay.kept_from) as kept_from
    from {{ ref('int_sprint_membership') }} as stay
    inner join sprint on stay.sprint_id = sprint.sprint_id
    inner join issue on stay.issue_id = issue.issue_id
    group by stay.sprint_id, sprint.board_id, stay.issue_id

)

select
    'time_box_not_measurable' as rule,
    'warning' as severity,
    board_id,
    sprint_id as record_id,
    sprint_id as record_key,
    not is_measurable as is_failed
from sprint
where state = 'closed'
union all
select
    'membership_imprecise' as rule,
    'warning' as severity,
    board_id,
    sprint_id || ' ' || issue_id as record_id,
    issue_key as record_key,
    precision_seconds > 86400 as is_failed
from membership
union all
select
    'membership_kept_after_clear' as rule,
    'warning' as severity,
    board_id,
    sprint_id || ' ' || issue_id as record_id,
    issue_key as record_key,
    kept_from is not null as is_failed
from membership
union all
select
    'sprint_report_missing' as rule,
    'info' as severity,
    board_id,
    sprint_id as record_id,
    sprint_name as record_key,
    not is_reported as is_failed
from {{ ref('mart_sprint_reconciliation') }}
where board_id is not null
union all
select
    'sprint_report_differs' as rule,
    'warning' as severity,
    board_id,
    sprint_id as record_id,
    sprint_name as record_key,
    not is_equal as is_failed
from {{ ref('mart_sprint_reconciliation') }}
where board_id is not null and is_reported
