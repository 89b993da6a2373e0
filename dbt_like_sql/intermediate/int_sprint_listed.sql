-- One row per issue, field, name of a time-box in this Sprint list (or milestone, or iteration) and period of the list.
-- Names are ids, or titles of milestones: which time-box is meant is told by int_sprint_list_entry.
with issue as (

    select * from {{ ref('int_issue') }}

),

list as (

    select
        field_interval.*,
        issue.project_id,
        length(field_interval.value) - length(replace(field_interval.value, ',', '')) + 1 as length_of_list
    from {{ ref('int_issue_field_interval') }} as field_interval
    inner join issue on field_interval.issue_id = issue.issue_id
    where
        (field_interval.field in ('sprint', 'milestone') or field_interval.field like 'iteration:%')
        and field_interval.value is not null
        -- Without history the list of today says nothing of when: see int_sprint_membership.
        and not (issue.source = 'jira' and field_interval.provenance = 'creation_default')

)

select distinct
    list.issue_id,
    list.field,
    list.project_id,
    trim(split_part(list.value, ',', cast(place.n as integer))) as ref,
    list.valid_from,
    list.valid_to,
    list.provenance,
    list.precision_seconds
from list
cross join generate_series(1, list.length_of_list) as place (n)
