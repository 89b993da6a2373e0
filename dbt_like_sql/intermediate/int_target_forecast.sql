-- One row per program and open release with the days by which its open issues will be done, and what that says of its
-- date: green if it is kept with 85 %, amber with 50 %, red below; grey without a date or a forecast (METRICS.md 3.2).
with forecast as (

    select
        scope_type,
        scope_id,
        max(target_date) as target_date,
        max(case when percentile = 0.85 then effective_verdict end) as verdict,
        bool_or(status <> 'insufficient_data') as is_known,
        bool_or(status = 'nothing_left') as is_nothing_left,
        max(reason) as reason,
        max(case when percentile = 0.5 then value_date end) as p50_date,
        max(case when percentile = 0.85 then value_date end) as p85_date,
        bool_or(percentile = 0.5 and is_censored) as is_p50_censored
    from {{ ref('mart_delivery_forecast') }}
    where scope_type in ('program', 'release') and kind = 'when' and percentile in (0.5, 0.85)
    group by scope_type, scope_id

)

select
    scope_type,
    scope_id,
    target_date,
    p50_date,
    p85_date,
    verdict,
    reason,
    is_nothing_left,
    case
        when target_date is null or not is_known then 'grey'
        when p85_date <= target_date then 'green'
        when p50_date <= target_date then 'amber'
        -- Not within the days that are simulated, or after the date.
        when is_p50_censored or p50_date > target_date then 'red'
        else 'grey'
    end as status
from forecast
