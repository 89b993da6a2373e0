-- One row per counted edge and period in which it held while both its issues were open.
with edge as (

    select * from {{ ref('int_dependency_edge') }}
    where is_counted

),

-- An issue we cannot see counts as open for ever.
open_interval as (

    select
        issue_id,
        valid_from,
        valid_to
    from {{ ref('int_issue_done_interval') }}
    where basis_key = 'status_category' and not is_done
    union
    select
        blocker_issue_id as issue_id,
        timestamptz '1970-01-01 00:00:00+00:00' as valid_from,
        cast(null as timestamptz) as valid_to
    from edge
    where blocker_is_placeholder
    union
    select
        blocked_issue_id as issue_id,
        timestamptz '1970-01-01 00:00:00+00:00' as valid_from,
        cast(null as timestamptz) as valid_to
    from edge
    where blocked_is_placeholder

),

overlap as (

    select
        edge.edge_id,
        edge.blocker_issue_id,
        edge.blocked_issue_id,
        recorded.is_backfilled,
        greatest(recorded.valid_from, blocker.valid_from, blocked.valid_from) as valid_from,
        least(recorded.valid_to, blocker.valid_to, blocked.valid_to) as valid_to
    from edge
    inner join {{ ref('int_dependency_interval') }} as recorded
        on
            edge.blocker_issue_id = recorded.blocker_issue_id
            and edge.blocked_issue_id = recorded.blocked_issue_id
    inner join open_interval as blocker on edge.blocker_issue_id = blocker.issue_id
    inner join open_interval as blocked on edge.blocked_issue_id = blocked.issue_id

)

select *
from overlap
where valid_to is null or valid_from < valid_to
