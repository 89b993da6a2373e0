-- One row per measurable time-box with the statistics of the last k closed, non-empty ones up to it (METRICS.md 2.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

sprint as (

    select
        sprint_total.*,
        board.estimation_field_id is null and sprint_total.kind = 'jira_sprint' and board.board_id is not null
            as counts_issues,
        sum(sprint_total.estimated_count) over (partition by sprint_total.sequence_scope) as estimated_in_scope,
        sprint_total.state = 'closed' and sprint_total.committed_count + sprint_total.final_scope_count > 0 as is_sample
    from {{ ref('int_sprint_total') }} as sprint_total
    left join {{ source('core', 'board') }} as board on sprint_total.board_id = board.board_id

),

numbered as (

    select
        *,
        -- Boards that do not estimate count issues instead of points.
        case when counts_issues or estimated_in_scope = 0 then 'issues' else 'points' end as velocity_unit,
        case when counts_issues or estimated_in_scope = 0 then cast(completed_count as double) else completed_points end
            as velocity,
        count(*) filter (where is_sample) over (
            partition by sequence_scope order by window_end_at, sprint_id
            rows between unbounded preceding and current row
        ) as sample_no
    from sprint

),

windowed as (

    select
        numbered.sprint_id,
        numbered.velocity_unit,
        numbered.velocity,
        sample.velocity as sample_velocity,
        row_number() over (partition by numbered.sprint_id order by sample.velocity, sample.sprint_id) as rank_no,
        count(sample.sprint_id) over (partition by numbered.sprint_id) as sample_count
    from numbered
    cross join parameter
    left join numbered as sample
        on
            numbered.sequence_scope = sample.sequence_scope
            and sample.is_sample
            and numbered.sample_no >= sample.sample_no
            and sample.sample_no > numbered.sample_no - parameter.rolling_k

),

-- Bounds of the 90 % range as positions in the sorted sample (Cohn): n/2 -+ 1.645 * sqrt(n/4), rounded up.
bounded as (

    select
        *,
        ceil(sample_count / 2.0 - 1.645 * sqrt(sample_count / 4.0)) as low_rank,
        ceil(sample_count / 2.0 + 1.645 * sqrt(sample_count / 4.0)) as high_rank
    from windowed

),

summary as (

    select
        sprint_id,
        velocity_unit,
        velocity,
        max(sample_count) as velocity_sample_count,
        avg(sample_velocity) as mean,
        median(sample_velocity) as median,
        -- From sums, which for points are exact whatever the order of the rows: stddev_samp differs in the last digit.
        sqrt(
            greatest(
                sum(sample_velocity * sample_velocity)
                - sum(sample_velocity) * sum(sample_velocity) / count(sample_velocity),
                0
            )
            / nullif(count(sample_velocity) - 1, 0)
        ) as stdev,
        max(case when sample_count >= 5 and rank_no = low_rank then sample_velocity end) as range_low,
        max(case when sample_count >= 5 and rank_no = high_rank then sample_velocity end) as range_high
    from bounded
    group by sprint_id, velocity_unit, velocity

)

select
    summary.sprint_id,
    summary.velocity_unit,
    summary.velocity,
    summary.velocity_sample_count,
    case when summary.velocity_sample_count >= parameter.min_sprints then summary.mean end as velocity_mean_k,
    case when summary.velocity_sample_count >= parameter.min_sprints then summary.median end as velocity_median_k,
    case when summary.velocity_sample_count >= parameter.min_sprints then summary.stdev end as velocity_stdev_k,
    case
        when summary.velocity_sample_count >= parameter.min_sprints then summary.stdev / nullif(summary.mean, 0)
    end as velocity_cv,
    summary.range_low as velocity_range_90_low,
    summary.range_high as velocity_range_90_high
from summary
cross join parameter
