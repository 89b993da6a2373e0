-- One row per issue, instant and kind of change that moves the scope of a time-box, with who made it; of several
-- changes at one instant the last. An issue created in a time-box was put there by its reporter.
with told as (

    select
        issue_id,
        occurred_at,
        case when field in ('status', 'estimate_points') then field else 'sprint' end as concerns,
        actor_person_id,
        event_no
    from {{ ref('int_issue_field_event') }}
    where
        is_visible
        and actor_person_id is not null
        and (field in ('sprint', 'milestone', 'status', 'estimate_points') or field like 'iteration:%')
    union all
    select
        issue_id,
        created_at as occurred_at,
        'sprint' as concerns,
        reporter_person_id as actor_person_id,
        0 as event_no
    from {{ source('core', 'issue') }}
    where reporter_person_id is not null and created_at is not null

)

select
    issue_id,
    occurred_at,
    concerns,
    arg_max(actor_person_id, event_no) as actor_person_id
from told
group by issue_id, occurred_at, concerns
