-- One row per release that an issue was planned for, or no longer planned for, by one entry of its history.
with issue as (

    select * from {{ ref('int_issue') }}

),

version as (

    select * from {{ source('core', 'release_version') }}

),

event as (

    select
        event.issue_id,
        coalesce(nullif(event.from_raw, ''), nullif(event.from_text, '')) as value_before,
        coalesce(nullif(event.to_raw, ''), nullif(event.to_text, '')) as value_after,
        greatest(event.occurred_at, issue.created_at) as occurred_at,
        event.provenance,
        row_number() over (
            partition by event.issue_id
            order by event.occurred_at, length(event.source_event_id), event.source_event_id, event.item_ordinal
        ) as event_no
    from {{ source('core', 'issue_field_event') }} as event
    inner join issue on event.issue_id = issue.issue_id
    where event.field = 'fix_version'

),

told as (

    select
        issue_id,
        value_before as ref,
        false as is_planned,
        occurred_at,
        event_no,
        provenance
    from event
    where value_before is not null
    union all
    select
        issue_id,
        value_after as ref,
        true as is_planned,
        occurred_at,
        event_no,
        provenance
    from event
    where value_after is not null

)

select
    told.issue_id,
    coalesce(version.version_id, titled.version_id) as version_id,
    told.is_planned,
    told.occurred_at,
    told.event_no,
    told.provenance
from told
inner join issue on told.issue_id = issue.issue_id
left join version on told.ref = version.version_id
-- GitHub tells milestones of the past by title only.
left join version as titled on told.ref = 'title:' || titled.name and issue.project_id = titled.project_id
where coalesce(version.version_id, titled.version_id) is not null
