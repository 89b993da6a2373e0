-- One row per scope and stay of an issue in a stage while it was in the scope: the local days from and to which.
with issue_scope as (

    select
        issue_scope.issue_id,
        scope.scope_type,
        scope.scope_id,
        scope.timezone,
        issue_scope.valid_from,
        issue_scope.valid_to
    from {{ ref('int_issue_flow_scope') }} as issue_scope
    inner join {{ ref('int_flow_scope') }} as scope
        on issue_scope.scope_type = scope.scope_type and issue_scope.scope_id = scope.scope_id

)

select
    issue_scope.scope_type,
    issue_scope.scope_id,
    issue_scope.issue_id,
    greatest(status_interval.valid_from, issue_scope.valid_from) as entered_at,
    status_interval.category as stage,
    cast(
        timezone(issue_scope.timezone, greatest(status_interval.valid_from, issue_scope.valid_from)) as date
    ) as from_date,
    cast(timezone(issue_scope.timezone, least(status_interval.valid_to, issue_scope.valid_to)) as date) as to_date
from {{ ref('int_issue_status_interval') }} as status_interval
inner join issue_scope
    on
        status_interval.issue_id = issue_scope.issue_id
        and (status_interval.valid_to is null or status_interval.valid_to > issue_scope.valid_from)
        and (issue_scope.valid_to is null or status_interval.valid_from < issue_scope.valid_to)
