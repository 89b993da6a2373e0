-- One row per iteration and issue that may have been in it without our having seen it (METRICS.md 1.2, 2.3).
-- GitHub keeps no history of iterations: before the first reading, and before the instant it tells, any issue of the
-- project may have been in any of them, to the day. An iteration that we did not watch is so told apart from one in
-- which nothing happened: open issues that were moved on leave no trace in it.
with reading as (

    select
        observation.entity_id as issue_id,
        observation.scope,
        coalesce(observation.source_updated_at, observation.observed_at) as known_from,
        row_number() over (
            partition by observation.entity_id, observation.scope order by observation.observed_at
        ) as reading_no
    from {{ source('core', 'field_observation') }} as observation
    where
        observation.entity_kind = 'issue'
        and observation.field = 'sprint'
        and observation.scope is not null

),

unknown_period as (

    select
        reading.issue_id,
        reading.scope,
        issue.created_at as valid_from,
        reading.known_from as valid_to
    from reading
    inner join {{ ref('int_issue') }} as issue on reading.issue_id = issue.issue_id
    where
        reading.reading_no = 1
        and date_diff('second', issue.created_at, reading.known_from) > 86400

),

iteration as (

    select
        sprint_id,
        -- github:{tracker}:iteration:{field}:{iteration}: one field of a project holds all its iterations.
        split_part(sprint_id, ':', 4) as scope,
        effective_start_at,
        window_end_at
    from {{ ref('int_sprint_clock') }}
    where kind = 'gh_iteration' and is_measurable

)

select
    iteration.sprint_id,
    unknown_period.issue_id,
    unknown_period.valid_to as known_from
from iteration
inner join unknown_period
    on
        iteration.scope = unknown_period.scope
        and iteration.window_end_at > unknown_period.valid_from
        and iteration.effective_start_at < unknown_period.valid_to
