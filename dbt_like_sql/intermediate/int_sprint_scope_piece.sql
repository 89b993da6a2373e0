-- One row per measurable time-box, issue and period in scope of it during which estimate and being done did not change.
-- Interval rows instead of one per day: a day, or any other instant, is asked for with valid_from <= t < valid_to.
with estimate as (

    select
        issue_id,
        valid_from,
        valid_to,
        value_number as points
    from {{ ref('int_issue_field_interval') }}
    where field = 'estimate_points'

),

scope as (

    select
        sprint_id,
        issue_id,
        done_basis_key,
        entered_at,
        coalesce(left_at, window_end_at) as left_at
    from {{ ref('int_sprint_scope_interval') }}

),

estimated as (

    select
        scope.sprint_id,
        scope.issue_id,
        scope.done_basis_key,
        greatest(scope.entered_at, estimate.valid_from) as valid_from,
        least(scope.left_at, estimate.valid_to) as valid_to,
        estimate.points
    from scope
    left join estimate
        on
            scope.issue_id = estimate.issue_id
            and scope.left_at > estimate.valid_from
            -- Not "is null or": DuckDB would compare every issue with every other for a left join.
            and scope.entered_at < coalesce(estimate.valid_to, timestamptz '9999-01-01 00:00:00+00:00')

)

select
    estimated.sprint_id,
    estimated.issue_id,
    greatest(estimated.valid_from, done_interval.valid_from) as valid_from,
    least(estimated.valid_to, done_interval.valid_to) as valid_to,
    estimated.points,
    done_interval.is_done
from estimated
inner join {{ ref('int_issue_done_interval') }} as done_interval
    on
        estimated.issue_id = done_interval.issue_id
        and estimated.done_basis_key = done_interval.basis_key
        and estimated.valid_to > done_interval.valid_from
        and (done_interval.valid_to is null or estimated.valid_from < done_interval.valid_to)
