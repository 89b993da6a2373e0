-- One row per issue in progress at as_of and kind of comparison, with its age, the nearest cohort that is large enough,
-- and how much of that cohort took no longer (METRICS.md 3.2). Without such a cohort the figures are null.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

wip as (

    select
        cycle.issue_id,
        cycle.type,
        cycle.team_id,
        cycle.project_id,
        cycle.program_id,
        state.status_id,
        date_diff(
            'second',
            case when parameter.cycle_mode = 'wipe_on_backward' then clock.restarted_at else clock.started_at end,
            parameter.as_of
        ) as age_s
    from {{ ref('int_issue_cycle') }} as cycle
    inner join {{ ref('int_issue_clock') }} as clock on cycle.issue_id = clock.issue_id
    inner join {{ ref('int_issue_state') }} as state on cycle.issue_id = state.issue_id
    inner join {{ ref('int_issue') }} as issue on cycle.issue_id = issue.issue_id
    cross join parameter
    where state.category = 'in_progress' and coalesce(issue.hierarchy_level, 0) = 0 and not issue.is_deleted

),

candidate as (

    select
        wip.issue_id,
        wip.age_s,
        cohort.kind,
        cohort.level,
        case
            when cohort.kind = 'cycle' and cohort.level = 1 then wip.team_id || ' ' || coalesce(wip.type, '')
            when cohort.kind = 'cycle' and cohort.level = 2 then wip.team_id
            when cohort.kind = 'cycle' and cohort.level = 3 then wip.project_id
            when cohort.kind = 'cycle' then wip.program_id
            when cohort.level = 1 then wip.team_id || ' ' || wip.status_id
            else wip.project_id || ' ' || wip.status_id
        end as cohort_id
    from wip
    cross join
        (values ('cycle', 1), ('cycle', 2), ('cycle', 3), ('cycle', 4), ('stage', 1), ('stage', 2))
            as cohort (kind, level)

),

chosen as (

    select
        candidate.issue_id,
        candidate.age_s,
        candidate.kind,
        percentile.level,
        percentile.cohort_id,
        percentile.sample_count,
        percentile.p50_s,
        percentile.p70_s,
        percentile.p85_s,
        row_number() over (
            partition by candidate.issue_id, candidate.kind order by percentile.level nulls last, candidate.level
        ) as choice_no
    from candidate
    left join {{ ref('int_flow_cohort_percentile') }} as percentile
        on
            candidate.kind = percentile.kind
            and candidate.level = percentile.level
            and candidate.cohort_id = percentile.cohort_id

)

select
    chosen.issue_id,
    chosen.kind,
    chosen.age_s,
    chosen.level,
    chosen.sample_count,
    chosen.p50_s,
    chosen.p70_s,
    chosen.p85_s,
    count(*) filter (where cohort.seconds <= chosen.age_s) / cast(chosen.sample_count as double) as pace_percentile,
    count(*) filter (where cohort.seconds > chosen.age_s and cohort.seconds <= chosen.p85_s)
    / cast(nullif(count(*) filter (where cohort.seconds > chosen.age_s), 0) as double) as chance_within_p85
from chosen
left join {{ ref('int_flow_cohort') }} as cohort
    on chosen.kind = cohort.kind and chosen.level = cohort.level and chosen.cohort_id = cohort.cohort_id
where chosen.choice_no = 1
group by
    chosen.issue_id, chosen.kind, chosen.age_s, chosen.level, chosen.sample_count, chosen.p50_s, chosen.p70_s,
    chosen.p85_s
