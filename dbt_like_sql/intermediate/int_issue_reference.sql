-- One row per human key, address or id that leads to an issue and tracker in which it does; keys in lower case.
with reference as (

    -- A key that was given to another issue later leads to that one.
    select
        lower(alias.issue_key) as ref,
        alias.instance,
        alias.issue_id,
        case when alias.is_current then 1 else 2 end as preference
    from {{ source('core', 'issue_key_alias') }} as alias
    inner join {{ ref('int_issue') }} as issue on alias.issue_id = issue.issue_id
    union all
    select
        lower(url) as ref,
        instance,
        issue_id,
        1 as preference
    from {{ ref('int_issue') }}
    where url is not null
    union all
    select
        lower(issue_id) as ref,
        instance,
        issue_id,
        1 as preference
    from {{ ref('int_issue') }}

),

ranked as (

    select
        *,
        row_number() over (partition by ref, instance order by preference, issue_id) as choice_no
    from reference

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
