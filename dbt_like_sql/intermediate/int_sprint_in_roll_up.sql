-- One row per time-box that counts when time-boxes of projects and programs are rolled up: sprints and iterations, and
-- milestones of those repositories whose issues are in neither. Elsewhere a milestone is a release that holds the same
-- issues as the sprints in it, and would count every promise twice.
with sprinting as (

    select distinct measure.project_id
    from {{ ref('int_sprint_issue_measure') }} as measure
    where measure.sprint_kind <> 'gh_milestone'

)

select clock.sprint_id
from {{ ref('int_sprint_clock') }} as clock
left join sprinting on clock.project_id = sprinting.project_id
where
    clock.is_measurable
    and (clock.kind <> 'gh_milestone' or sprinting.project_id is null)
