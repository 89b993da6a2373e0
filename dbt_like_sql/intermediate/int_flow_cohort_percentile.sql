-- One row per cohort that is large enough to compare with, with its percentiles by nearest rank (METRICS.md 3.2).
select
    cohort.kind,
    cohort.level,
    cohort.cohort_id,
    count(*) as sample_count,
    percentile_disc(0.5) within group (order by cohort.seconds) as p50_s,
    percentile_disc(0.7) within group (order by cohort.seconds) as p70_s,
    percentile_disc(0.85) within group (order by cohort.seconds) as p85_s,
    percentile_disc(0.95) within group (order by cohort.seconds) as p95_s
from {{ ref('int_flow_cohort') }} as cohort
cross join {{ source('ops', 'build_parameter') }} as parameter
group by cohort.kind, cohort.level, cohort.cohort_id, parameter.min_sample
having count(*) >= parameter.min_sample
