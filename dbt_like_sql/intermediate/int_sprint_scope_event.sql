-- One row per gross movement in a time-box after its start: an issue added, removed, re-estimated, completed or
-- reopened while it was a member, and by whom. The measures of fct_sprint_issue are net per issue; these are what
-- happened.
with stay as (

    select
        sprint_id,
        issue_id,
        effective_start_at,
        window_end_at,
        done_basis_key,
        stay_from as valid_from,
        stay_to as valid_to,
        -- What happens to an issue that has left at the close still happens in the scope of the time-box.
        left_at
    from {{ ref('int_sprint_stay') }}

),

estimate as (

    select
        issue_id,
        valid_from,
        valid_to,
        coalesce(value_number, 0) as points,
        lag(coalesce(value_number, 0)) over (partition by issue_id order by valid_from) as points_before
    from {{ ref('int_issue_field_interval') }}
    where field = 'estimate_points'

),

happened as (

    select
        sprint_id,
        issue_id,
        valid_from as occurred_at,
        'add' as kind
    from stay
    where valid_from > effective_start_at
    union all
    select
        sprint_id,
        issue_id,
        valid_to as occurred_at,
        'remove' as kind
    from stay
    where valid_to < window_end_at
    union all
    select
        stay.sprint_id,
        stay.issue_id,
        done_interval.valid_from as occurred_at,
        case when done_interval.is_done then 'complete' else 'reopen' end as kind
    from stay
    inner join {{ ref('int_issue_done_interval') }} as done_interval
        on
            stay.issue_id = done_interval.issue_id
            and stay.done_basis_key = done_interval.basis_key
            and stay.effective_start_at < done_interval.valid_from
            and stay.valid_from <= done_interval.valid_from
            and stay.window_end_at > done_interval.valid_from
            and (stay.left_at is null or stay.left_at > done_interval.valid_from)
    inner join {{ ref('int_issue') }} as issue on stay.issue_id = issue.issue_id
    -- An issue that is open when it is created has not been reopened.
    where done_interval.is_done or done_interval.valid_from > issue.created_at
    union all
    select
        stay.sprint_id,
        stay.issue_id,
        estimate.valid_from as occurred_at,
        're_estimate' as kind
    from stay
    inner join estimate
        on
            stay.issue_id = estimate.issue_id
            and estimate.points_before <> estimate.points
            and estimate.valid_from > stay.effective_start_at
            -- An issue that joins at that instant joins with the new estimate.
            and stay.valid_from < estimate.valid_from
            and stay.window_end_at > estimate.valid_from
            and (stay.left_at is null or stay.left_at > estimate.valid_from)

)

select
    happened.sprint_id,
    happened.issue_id,
    happened.occurred_at,
    happened.kind,
    coalesce(estimate.points, 0) as points,
    case happened.kind
        when 'add' then coalesce(estimate.points, 0)
        when 'remove' then -coalesce(estimate.points, 0)
        when 're_estimate' then estimate.points - estimate.points_before
        else 0
    end as scope_delta_points,
    actor.actor_person_id
from happened
left join estimate
    on
        happened.issue_id = estimate.issue_id
        and happened.occurred_at >= estimate.valid_from
        and happened.occurred_at < coalesce(estimate.valid_to, timestamptz '9999-01-01 00:00:00+00:00')
left join {{ ref('int_sprint_actor') }} as actor
    on
        happened.issue_id = actor.issue_id
        and happened.occurred_at = actor.occurred_at
        and actor.concerns
        = case
            when happened.kind in ('add', 'remove') then 'sprint'
            when happened.kind = 're_estimate' then 'estimate_points'
            else 'status'
        end
