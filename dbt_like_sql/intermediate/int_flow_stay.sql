-- One row per scope and stay of an issue in a stage while it was in the scope: the local days from and to which.
with issue_scope as (

    select * from {{ ref('int_issue_flow_zone') }}

),

zone as (

    select distinct
        issue_id,
        timezone
    from issue_scope

),

-- To find the day of an instant costs more than all else here, so it is found once for all scopes of a time zone.
status_day as (

    select
        status_interval.issue_id,
        zone.timezone,
        status_interval.category,
        status_interval.valid_from,
        status_interval.valid_to,
        cast(timezone(zone.timezone, status_interval.valid_from) as date) as from_date,
        cast(timezone(zone.timezone, status_interval.valid_to) as date) as to_date
    from {{ ref('int_issue_status_interval') }} as status_interval
    inner join zone on status_interval.issue_id = zone.issue_id

)

select
    issue_scope.scope_type,
    issue_scope.scope_id,
    issue_scope.issue_id,
    greatest(status_day.valid_from, issue_scope.valid_from) as entered_at,
    status_day.category as stage,
    case
        when status_day.valid_from >= issue_scope.valid_from then status_day.from_date
        else cast(timezone(issue_scope.timezone, issue_scope.valid_from) as date)
    end as from_date,
    case
        when status_day.valid_to <= issue_scope.valid_to or issue_scope.valid_to is null then status_day.to_date
        else cast(timezone(issue_scope.timezone, issue_scope.valid_to) as date)
    end as to_date
from status_day
inner join issue_scope
    on
        status_day.issue_id = issue_scope.issue_id
        and status_day.timezone = issue_scope.timezone
        and (status_day.valid_to is null or status_day.valid_to > issue_scope.valid_from)
        and (issue_scope.valid_to is null or status_day.valid_from < issue_scope.valid_to)
