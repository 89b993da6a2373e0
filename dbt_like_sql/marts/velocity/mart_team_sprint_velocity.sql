-- One row per measurable time-box: what was committed, added, removed, completed and delivered, and how steadily.
-- Rates are null where their denominator is 0 (METRICS.md 2.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

total as (

    select * from {{ ref('int_sprint_total') }}

),

velocity as (

    select * from {{ ref('int_sprint_velocity_window') }}

)

select
    total.sprint_id,
    total.kind as sprint_kind,
    total.name as sprint_name,
    total.sequence_scope,
    total.board_id,
    team.team_id,
    team.name as team_name,
    team.estimate_scale_id,
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
    total.final_scope_points,
    total.final_scope_count,
    total.completed_points,
    total.completed_count,
    total.final_scope_points - total.completed_points as not_completed_points,
    total.final_scope_count - total.completed_count as not_completed_count,
    total.completed_initial_points,
    total.completed_initial_count,
    total.completed_outside_points,
    total.completed_outside_count,
    total.delivered_points,
    total.delivered_count,
    total.carried_in_points,
    total.carried_in_count,
    total.unmapped_at_start_count,
    total.completed_points / nullif(total.committed_points, 0) as say_do_ratio,
    total.completed_count / cast(nullif(total.committed_count, 0) as double) as say_do_ratio_count,
    total.completed_initial_points / nullif(total.committed_points, 0) as commitment_reliability,
    total.completed_initial_count / cast(nullif(total.committed_count, 0) as double) as commitment_reliability_count,
    total.completed_points / nullif(total.final_scope_points, 0) as completion_rate,
    (total.added_points + total.removed_points + total.estimate_churn_points) / nullif(total.committed_points, 0)
        as scope_change_rate,
    (total.final_scope_points - total.committed_points) / nullif(total.committed_points, 0) as net_scope_growth,
    (total.final_scope_points - total.completed_points) / nullif(total.final_scope_points, 0) as carry_over_rate,
    (total.final_scope_points - total.completed_points) / nullif(total.committed_points, 0) as carry_over_vs_commitment,
    total.completed_added_points / nullif(total.completed_points, 0) as unplanned_share,
    total.unestimated_committed_count / cast(nullif(total.committed_count, 0) as double) as unestimated_committed_share,
    velocity.velocity_unit,
    velocity.velocity,
    working.working_days,
    velocity.velocity / nullif(working.working_days, 0) as velocity_per_working_day,
    velocity.velocity_sample_count,
    velocity.velocity_mean_k,
    velocity.velocity_median_k,
    velocity.velocity_stdev_k,
    velocity.velocity_cv,
    velocity.velocity_range_90_low,
    velocity.velocity_range_90_high,
    confidence.sprint_confidence,
    confidence.is_approximate,
    parameter.as_of,
    parameter.config_version
from total
inner join velocity on total.sprint_id = velocity.sprint_id
inner join {{ ref('int_sprint_confidence') }} as confidence on total.sprint_id = confidence.sprint_id
inner join {{ ref('int_sprint_working_days') }} as working on total.sprint_id = working.sprint_id
cross join parameter
left join {{ ref('int_board_team') }} as board_team on total.board_id = board_team.board_id
left join {{ ref('int_team') }} as team on board_team.team_id = team.team_id
