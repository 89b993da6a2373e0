-- One row per link as seen from one issue, with both ends resolved to issues as far as they are known.
-- An end that cannot be resolved gets a placeholder id, unless all we have is a text that names an unknown project.
with link as (

    select * from {{ ref('int_issue_link') }}

),

both_ends as (

    select
        seen_from_id,
        link_ref,
        max(case when role = 'blocker' then coalesce(issue_id, 'unknown:' || shown_ref) end) as blocker_issue_id,
        max(case when role = 'blocked' then coalesce(issue_id, 'unknown:' || shown_ref) end) as blocked_issue_id,
        bool_or(role = 'blocker' and issue_id is null) as is_blocker_unknown,
        bool_or(role = 'blocked' and issue_id is null) as is_blocked_unknown,
        bool_or(issue_id is null and is_pull_request) as has_pull_request,
        bool_or(issue_id is null and not is_project_known) as has_unknown_project
    from {{ ref('int_link_end') }}
    group by seen_from_id, link_ref

)

select
    link.seen_from_id,
    link.link_ref,
    both_ends.blocker_issue_id,
    both_ends.blocked_issue_id,
    coalesce(both_ends.is_blocker_unknown, true) as is_blocker_unknown,
    coalesce(both_ends.is_blocked_unknown, true) as is_blocked_unknown,
    link.edge_type,
    link.type_raw,
    link.provenance,
    link.confidence,
    link.observed_at
from link
inner join both_ends on link.seen_from_id = both_ends.seen_from_id and link.link_ref = both_ends.link_ref
where
    both_ends.blocker_issue_id is not null
    and both_ends.blocked_issue_id is not null
    -- A pull request is a sign of progress, not a piece of work that others wait for.
    and not both_ends.has_pull_request
    and not (link.provenance in ('text_phrase', 'jira_remote_link', 'pr_reference') and both_ends.has_unknown_project)
