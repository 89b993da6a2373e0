-- One row per time-box and issue of int_sprint_issue_scope, with what the issue was at the instants that count:
-- its estimate at start, entry, exit and end; project, team and resolution at the end.
with scope as (

    select * from {{ ref('int_sprint_issue_scope') }}

),

field_interval as (

    select * from {{ ref('int_issue_field_interval') }}

),

-- Start, entry and exit see what happens at that instant (T4); the end does not (T5).
instant as (

    select
        sprint_id,
        issue_id,
        'start' as name,
        effective_start_at as happened_at
    from scope
    union all
    select
        sprint_id,
        issue_id,
        'entry' as name,
        entry_at as happened_at
    from scope
    where entry_at is not null
    union all
    -- What left because it vanished is taken as it was right before.
    select
        scope.sprint_id,
        scope.issue_id,
        'exit' as name,
        least(scope.exit_at, issue.deleted_observed_at - interval '1 microsecond') as happened_at
    from scope
    inner join {{ ref('int_issue') }} as issue on scope.issue_id = issue.issue_id
    where scope.exit_at is not null

),

right_continuous as (

    select
        instant.sprint_id,
        instant.issue_id,
        max(case when instant.name = 'start' then field_interval.value_number end) as start_estimate,
        max(case when instant.name = 'entry' then field_interval.value_number end) as entry_estimate,
        max(case when instant.name = 'exit' then field_interval.value_number end) as exit_estimate
    from instant
    inner join field_interval
        on
            instant.issue_id = field_interval.issue_id
            and field_interval.field = 'estimate_points'
            and instant.happened_at >= field_interval.valid_from
            and (field_interval.valid_to is null or instant.happened_at < field_interval.valid_to)
    group by instant.sprint_id, instant.issue_id

),

left_limit as (

    select
        scope.sprint_id,
        scope.issue_id,
        max(case when field_interval.field = 'estimate_points' then field_interval.value_number end) as end_estimate,
        max(case when field_interval.field = 'project' then field_interval.value end) as project_id,
        max(case when field_interval.field = 'team' then field_interval.value end) as team_id,
        max(case when field_interval.field = 'resolution' then field_interval.value end) as resolution
    from scope
    inner join field_interval
        on
            scope.issue_id = field_interval.issue_id
            and field_interval.field in ('estimate_points', 'project', 'team', 'resolution')
            and scope.window_end_at > field_interval.valid_from
            and (field_interval.valid_to is null or scope.window_end_at <= field_interval.valid_to)
    group by scope.sprint_id, scope.issue_id

)

select
    scope.sprint_id,
    scope.issue_id,
    scope.done_basis_key,
    scope.effective_start_at,
    scope.window_end_at,
    scope.is_committed,
    scope.is_in_final_scope,
    scope.is_done_at_end,
    scope.is_member_at_end,
    scope.entry_at,
    scope.exit_at,
    scope.precision_seconds,
    scope.membership_provenance,
    right_continuous.start_estimate,
    right_continuous.entry_estimate,
    right_continuous.exit_estimate,
    left_limit.end_estimate,
    left_limit.project_id,
    left_limit.team_id,
    left_limit.resolution,
    unmapped.issue_id is not null as is_unmapped_at_start
from scope
left join
    right_continuous
    on scope.sprint_id = right_continuous.sprint_id and scope.issue_id = right_continuous.issue_id
left join left_limit on scope.sprint_id = left_limit.sprint_id and scope.issue_id = left_limit.issue_id
left join
    {{ ref('int_sprint_issue_unmapped') }} as unmapped
    on scope.sprint_id = unmapped.sprint_id and scope.issue_id = unmapped.issue_id
