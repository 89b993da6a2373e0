-- One row per scope and open issue that belongs to it: programs by attribution, releases by what is planned for them.
select
    'program' as scope_type,
    program_id as scope_id,
    issue_id
from {{ ref('int_schedule_item') }}
union
select
    'release' as scope_type,
    planned.version_id as scope_id,
    planned.issue_id
from {{ ref('int_issue_version_interval') }} as planned
inner join {{ ref('int_schedule_item') }} as item on planned.issue_id = item.issue_id
inner join {{ ref('int_schedule_scope') }} as scope
    on planned.version_id = scope.scope_id and scope.scope_type = 'release'
where planned.valid_to is null
