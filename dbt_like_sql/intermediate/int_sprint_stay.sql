-- One row per measurable time-box, issue and stay of the issue in it that touches the measured window; sub-tasks only
-- if the settings count them. Leaving at the close of a sprint is not leaving (METRICS.md 2.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

sprint as (

    select * from {{ ref('int_sprint_clock') }}
    where is_measurable

),

done_interval as (

    select * from {{ ref('int_issue_done_interval') }}

),

stay as (

    select
        sprint.sprint_id,
        sprint.effective_start_at,
        sprint.window_end_at,
        sprint.done_basis_key,
        membership.issue_id,
        membership.valid_from as stay_from,
        membership.valid_to as stay_to,
        membership.precision_seconds,
        membership.provenance,
        -- Only the roll-over at the close of a sprint is forgiven, and only if the issue does not come back.
        sprint.state = 'closed'
        and membership.valid_to < sprint.window_end_at
        and membership.valid_to >= sprint.window_end_at - sprint.close_grace_seconds * interval '1 second'
        and lead(membership.valid_from) over (
            partition by sprint.sprint_id, membership.issue_id order by membership.valid_from
        ) is null as is_at_close
    from sprint
    inner join {{ ref('int_sprint_membership') }} as membership
        on
            sprint.sprint_id = membership.sprint_id
            and sprint.window_end_at > membership.valid_from
            and (membership.valid_to is null or sprint.effective_start_at < membership.valid_to)
    inner join {{ ref('int_issue') }} as issue on membership.issue_id = issue.issue_id
    where not issue.is_subtask or (select parameter.include_subtasks from parameter)

)

select
    stay.sprint_id,
    stay.issue_id,
    stay.stay_from,
    stay.stay_to,
    -- Null: a member until the end.
    case
        when stay.stay_to >= stay.window_end_at then null
        when stay.is_at_close and not at_exit.is_done then null
        else stay.stay_to
    end as left_at,
    stay.effective_start_at,
    stay.window_end_at,
    stay.done_basis_key,
    stay.precision_seconds,
    stay.provenance
from stay
left join done_interval as at_exit
    on
        stay.issue_id = at_exit.issue_id
        and stay.done_basis_key = at_exit.basis_key
        and stay.stay_to >= at_exit.valid_from
        and stay.stay_to < coalesce(at_exit.valid_to, timestamptz '9999-01-01 00:00:00+00:00')
