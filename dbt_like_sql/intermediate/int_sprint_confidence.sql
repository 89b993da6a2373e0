-- One row per measurable time-box with how much of its membership is known to the day (METRICS.md 2.3).
with sprint as (

    select sprint_id from {{ ref('int_sprint_clock') }}
    where is_measurable

),

stay as (

    select
        sprint_id,
        count(*) as stay_count,
        count(*) filter (where precision_seconds > 86400) as imprecise_count
    from {{ ref('int_sprint_membership') }}
    group by sprint_id

),

possible as (

    select
        sprint_id,
        count(*) as possible_count
    from {{ ref('int_sprint_possible_stay') }}
    group by sprint_id

),

counted as (

    select
        sprint.sprint_id,
        coalesce(stay.stay_count, 0) as stay_count,
        coalesce(stay.imprecise_count, 0) as imprecise_count,
        coalesce(possible.possible_count, 0) as possible_count
    from sprint
    left join stay on sprint.sprint_id = stay.sprint_id
    left join possible on sprint.sprint_id = possible.sprint_id

),

rated as (

    select
        *,
        1
        - (imprecise_count + possible_count) / cast(nullif(stay_count + possible_count, 0) as double)
            as sprint_confidence
    from counted

)

select
    sprint_id,
    stay_count,
    imprecise_count,
    possible_count,
    sprint_confidence,
    coalesce(sprint_confidence < 0.8, false) as is_approximate
from rated
