-- One row per open issue that is blocked at as_of: flagged, or waiting for an open issue (METRICS.md 4.2).
-- Since when does not matter here, so dependencies count whose beginning nobody recorded.
select issue_id from {{ ref('int_issue_blocked_interval') }}
where valid_to is null
union
select issue.issue_id
from {{ ref('int_dependency_active_interval') }} as waiting
inner join {{ ref('int_issue') }} as issue on waiting.blocked_issue_id = issue.issue_id
where waiting.valid_to is null
