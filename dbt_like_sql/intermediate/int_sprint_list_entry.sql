-- One row per issue, time-box and period of one Sprint list (or milestone, or iteration) that names it.
with listed as (

    select * from {{ ref('int_sprint_listed') }}

),

sprint as (

    select * from {{ ref('int_sprint_span') }}

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
