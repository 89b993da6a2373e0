-- One row per issue at story level, scope that counts it and period in which it does, with the time zone of the scope.
select
    issue_scope.issue_id,
    issue_scope.scope_type,
    issue_scope.scope_id,
    zone.timezone,
    issue.created_at,
    issue_scope.valid_from,
    issue_scope.valid_to
from {{ ref('int_issue_flow_scope') }} as issue_scope
inner join {{ ref('int_flow_zone') }} as zone
    on issue_scope.scope_type = zone.scope_type and issue_scope.scope_id = zone.scope_id
inner join {{ ref('int_issue') }} as issue on issue_scope.issue_id = issue.issue_id
