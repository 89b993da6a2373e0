-- One row per human key, address or id that leads to an issue and tracker in which it does; keys in lower case.
with issue as (

    select
        issue.issue_id,
        issue.issue_key,
        issue.project_id,
        issue.instance,
        issue.url,
        coalesce(successor.successor_issue_id, issue.issue_id) as leads_to
    from {{ source('core', 'issue') }} as issue
    left join {{ ref('int_issue_successor') }} as successor on issue.issue_id = successor.issue_id

),

-- Keys as they would be if the project still had a name of before.
under_old_name as (

    select
        issue.instance,
        issue.leads_to,
        lower(alias.project_key || substr(issue.issue_key, length(project.project_key) + 1)) as ref
    from {{ source('core', 'project_key_alias') }} as alias
    inner join {{ source('core', 'project') }} as project on alias.project_id = project.project_id
    inner join issue on project.project_id = issue.project_id
    where
        alias.project_key <> project.project_key
        and starts_with(issue.issue_key, project.project_key)
        and substr(issue.issue_key, length(project.project_key) + 1, 1) in ('-', '#')

),

reference as (

    -- A key that was given to another issue later leads to that one.
    select
        lower(alias.issue_key) as ref,
        alias.instance,
        issue.leads_to as issue_id,
        case when alias.is_current and issue.leads_to = issue.issue_id then 1 else 2 end as preference
    from {{ source('core', 'issue_key_alias') }} as alias
    inner join issue on alias.issue_id = issue.issue_id
    union all
    select
        ref,
        instance,
        leads_to as issue_id,
        3 as preference
    from under_old_name
    union all
    select
        lower(url) as ref,
        instance,
        leads_to as issue_id,
        case when leads_to = issue_id then 1 else 2 end as preference
    from issue
    where url is not null
    union all
    select
        lower(issue_id) as ref,
        instance,
        leads_to as issue_id,
        1 as preference
    from issue

),

-- What an issue is called that does not exist at as_of leads nowhere.
visible as (

    select reference.*
    from reference
    inner join {{ ref('int_issue') }} as int_issue on reference.issue_id = int_issue.issue_id

),

ranked as (

    select
        *,
        row_number() over (partition by ref, instance order by preference, issue_id) as choice_no
    from visible

),

chosen as (

    select
        ref,
        instance,
        issue_id
    from ranked
    where choice_no = 1

)

select
    ref,
    instance,
    issue_id,
    -- In another tracker a key means this issue only if no other tracker has the same one.
    count(*) over (partition by ref) = 1 as is_unambiguous
from chosen
