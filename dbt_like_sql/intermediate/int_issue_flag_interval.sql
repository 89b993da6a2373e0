-- One row per issue and period in which it was marked as blocked: Jira's impediment flag, a blocked label on GitHub.
select
    issue_id,
    valid_from,
    valid_to
from {{ ref('int_issue_field_interval') }}
where field = 'flagged' and value is not null
