-- One row per transferred issue and the issue that took its place in the end, where that is known: what is said of the
-- old one is said of it.
with recursive transferred as (

    select
        issue.issue_id,
        issue.successor_issue_id
    from {{ source('core', 'issue') }} as issue
    inner join {{ source('core', 'issue') }} as successor on issue.successor_issue_id = successor.issue_id

),

followed as (

    select
        issue_id,
        successor_issue_id,
        1 as step_no
    from transferred
    union all
    select
        followed.issue_id,
        transferred.successor_issue_id,
        followed.step_no + 1 as step_no
    from followed
    inner join transferred on followed.successor_issue_id = transferred.issue_id
    -- Nothing is transferred that often; a circle must end.
    where followed.step_no < 20

),

ranked as (

    select
        *,
        row_number() over (partition by issue_id order by step_no desc) as last_no
    from followed

)

select
    issue_id,
    successor_issue_id
from ranked
where last_no = 1
