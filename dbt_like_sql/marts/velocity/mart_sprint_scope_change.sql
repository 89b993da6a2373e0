-- One row per measurable time-box: how its scope moved after the start. Net per issue as in mart_team_sprint_velocity,
-- and gross, counting every movement, however often an issue came and went (METRICS.md 2.2).
with event as (

    select
        sprint_id,
        count(*) filter (where kind = 'add') as add_event_count,
        count(*) filter (where kind = 'remove') as remove_event_count,
        count(*) filter (where kind = 're_estimate') as re_estimate_event_count,
        count(*) filter (where kind = 'reopen') as reopen_event_count,
        coalesce(sum(scope_delta_points) filter (where kind = 'add'), 0) as gross_added_points,
        coalesce(-sum(scope_delta_points) filter (where kind = 'remove'), 0) as gross_removed_points,
        coalesce(sum(scope_delta_points) filter (where kind = 're_estimate' and scope_delta_points > 0), 0)
            as gross_estimate_increase_points,
        coalesce(-sum(scope_delta_points) filter (where kind = 're_estimate' and scope_delta_points < 0), 0)
            as gross_estimate_decrease_points,
        count(distinct actor_person_id) as actor_count,
        count(*) filter (where actor_person_id is null) as event_without_actor_count,
        min(occurred_at) filter (where kind in ('add', 'remove', 're_estimate')) as first_change_at,
        max(occurred_at) filter (where kind in ('add', 'remove', 're_estimate')) as last_change_at
    from {{ ref('int_sprint_scope_event') }}
    group by sprint_id

)

select
    total.sprint_id,
    total.kind as sprint_kind,
    total.name as sprint_name,
    total.sequence_scope,
    velocity.team_id,
    velocity.team_name,
    total.state,
    total.effective_start_at,
    total.effective_end_at,
    total.is_provisional,
    total.committed_points,
    total.committed_count,
    total.added_points,
    total.added_count,
    total.removed_points,
    total.removed_count,
    total.estimate_change_points,
    total.estimate_churn_points,
    total.final_scope_points,
    total.final_scope_count,
    velocity.scope_change_rate,
    velocity.net_scope_growth,
    (total.added_count + total.removed_count) / cast(nullif(total.committed_count, 0) as double)
        as scope_change_rate_count,
    (total.final_scope_count - total.committed_count) / cast(nullif(total.committed_count, 0) as double)
        as net_scope_growth_count,
    velocity.unplanned_share,
    (total.completed_count - total.completed_initial_count) / cast(nullif(total.completed_count, 0) as double)
        as unplanned_share_count,
    coalesce(event.add_event_count, 0) as add_event_count,
    coalesce(event.remove_event_count, 0) as remove_event_count,
    coalesce(event.re_estimate_event_count, 0) as re_estimate_event_count,
    coalesce(event.reopen_event_count, 0) as reopen_event_count,
    coalesce(event.gross_added_points, 0) as gross_added_points,
    coalesce(event.gross_removed_points, 0) as gross_removed_points,
    coalesce(event.gross_estimate_increase_points, 0) as gross_estimate_increase_points,
    coalesce(event.gross_estimate_decrease_points, 0) as gross_estimate_decrease_points,
    coalesce(event.actor_count, 0) as actor_count,
    coalesce(event.event_without_actor_count, 0) as event_without_actor_count,
    event.first_change_at,
    event.last_change_at,
    velocity.sprint_confidence,
    velocity.is_approximate,
    velocity.as_of,
    velocity.config_version
from {{ ref('int_sprint_total') }} as total
inner join {{ ref('mart_team_sprint_velocity') }} as velocity on total.sprint_id = velocity.sprint_id
left join event on total.sprint_id = event.sprint_id
