-- One row per link as seen from one issue and end of it (blocker or blocked), with the issue that end means.
with link as (

    select * from {{ ref('int_issue_link') }}

),

issue as (

    select
        issue_id as known_id,
        issue_id
    from {{ ref('int_issue') }}
    union all
    select
        successor.issue_id as known_id,
        successor.successor_issue_id as issue_id
    from {{ ref('int_issue_successor') }} as successor
    inner join {{ ref('int_issue') }} as int_issue on successor.successor_issue_id = int_issue.issue_id

),

reference as (

    select * from {{ ref('int_issue_reference') }}

),

pull_request as (

    select lower(pr_id) as ref from {{ source('core', 'pull_request') }}
    union
    select lower(pr_key) as ref from {{ source('core', 'pull_request') }}
    union
    select lower(url) as ref from {{ source('core', 'pull_request') }}
    where url is not null

),

known_project as (

    select distinct lower(project_key) as project_key from {{ source('core', 'project') }}

),

-- Both ends one below the other, so that they are resolved by the same rule.
link_end as (

    select
        seen_from_id,
        link_ref,
        instance,
        'blocker' as role,
        blocker_issue_id as issue_id,
        lower(coalesce(blocker_ref, blocker_issue_id)) as ref,
        coalesce(blocker_ref, blocker_issue_id) as shown_ref
    from link
    union all
    select
        seen_from_id,
        link_ref,
        instance,
        'blocked' as role,
        blocked_issue_id as issue_id,
        lower(coalesce(blocked_ref, blocked_issue_id)) as ref,
        coalesce(blocked_ref, blocked_issue_id) as shown_ref
    from link

),

candidate as (

    select
        link_end.seen_from_id,
        link_end.link_ref,
        link_end.role,
        link_end.shown_ref,
        coalesce(by_id.issue_id, same_tracker.issue_id, other_tracker.issue_id) as issue_id,
        pull_request.ref is not null as is_pull_request,
        known_project.project_key is not null as is_project_known,
        row_number() over (
            partition by link_end.seen_from_id, link_end.link_ref, link_end.role
            order by other_tracker.instance
        ) as choice_no
    from link_end
    left join issue as by_id on link_end.issue_id = by_id.known_id
    left join reference as same_tracker
        on link_end.ref = same_tracker.ref and link_end.instance = same_tracker.instance
    left join reference as other_tracker on link_end.ref = other_tracker.ref and other_tracker.is_unambiguous
    left join pull_request on link_end.ref = pull_request.ref
    -- PAY-12 belongs to PAY, acme/checkout#7 to acme/checkout.
    left join known_project
        on
            known_project.project_key = case
                when link_end.ref like '%#%' then split_part(link_end.ref, '#', 1)
                else substr(link_end.ref, 1, length(link_end.ref) - length(split_part(link_end.ref, '-', 2)) - 1)
            end

)

select
    seen_from_id,
    link_ref,
    role,
    shown_ref,
    issue_id,
    is_pull_request,
    is_project_known
from candidate
where choice_no = 1
