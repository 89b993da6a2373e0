-- One row per program with counts of the active dependencies of which it owns either end.
with risk as (

    select * from {{ ref('int_dependency_risk') }}

),

touched as (

    select
        risk.*,
        risk.blocker_program_id as program_id
    from risk
    where risk.blocker_program_id is not null
    union
    select
        risk.*,
        risk.blocked_program_id as program_id
    from risk
    where risk.blocked_program_id is not null

)

select
    program_id,
    count(*) as active_dependency_count,
    count(*) filter (where is_cross_project and blocked_program_id = program_id) as open_cross_project_blocker_count,
    count(*) filter (where is_cross_project and schedule_conflict) as cross_project_conflict_count,
    count(*) filter (where schedule_conflict) as conflict_count,
    count(*) filter (where is_overdue) as overdue_blocker_count,
    count(*) filter (where severity = 2) as severity_2_count,
    count(*) filter (where severity = 3) as severity_3_count
from touched
group by program_id
