-- One row per issue, time-box and period of one Sprint list (or milestone, or iteration) that names it.
with issue as (

    select * from {{ ref('int_issue') }}

),

sprint as (

    select * from {{ ref('int_sprint_clock') }}

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

),

listed as (

    select
        list.issue_id,
        list.project_id,
        trim(split_part(list.value, ',', cast(place.n as integer))) as ref,
        list.valid_from,
        list.valid_to,
        list.provenance,
        list.precision_seconds
    from list
    cross join generate_series(1, list.length_of_list) as place (n)

)

select
    listed.issue_id,
    sprint.sprint_id,
    listed.valid_from,
    listed.valid_to,
    listed.provenance,
    listed.precision_seconds
from listed
inner join {{ ref('int_sprint_alias') }} as alias on listed.ref = alias.sprint_id
inner join sprint on alias.current_sprint_id = sprint.sprint_id
union
-- GitHub tells milestones of the past by title only.
select
    listed.issue_id,
    sprint.sprint_id,
    listed.valid_from,
    listed.valid_to,
    listed.provenance,
    listed.precision_seconds
from listed
inner join sprint
    on
        listed.ref = 'title:' || sprint.name
        and listed.project_id = sprint.project_id
        and sprint.kind = 'gh_milestone'
