-- One row per scope that is forecast, part of it and local day on which something changed: items delivered, and by how
-- many the open ones grew. What happened before the days that forecasts look at is one row, dated the day before them.
with member as (

    select
        member.*,
        scope.timezone,
        scope.first_date,
        member.scope_type in ('release', 'epic') as is_plan
    from {{ ref('int_forecast_member') }} as member
    inner join {{ ref('int_forecast_scope') }} as scope
        on member.scope_type = scope.scope_type and member.scope_id = scope.scope_id

),

open_piece as (

    select
        member.scope_type,
        member.scope_id,
        member.part_id,
        member.timezone,
        member.first_date,
        greatest(member.valid_from, open_interval.valid_from) as valid_from,
        least(member.valid_to, open_interval.valid_to) as valid_to
    from member
    inner join {{ ref('int_issue_done_interval') }} as open_interval
        on
            member.issue_id = open_interval.issue_id
            and open_interval.basis_key = 'status_category'
            and not open_interval.is_done
            and (open_interval.valid_to is null or member.valid_from < open_interval.valid_to)
            and (member.valid_to is null or member.valid_to > open_interval.valid_from)

),

movement as (

    select
        scope_type,
        scope_id,
        part_id,
        first_date,
        cast(timezone(timezone, valid_from) as date) as date,
        1 as open_change,
        0 as delivered
    from open_piece
    union all
    select
        scope_type,
        scope_id,
        part_id,
        first_date,
        cast(timezone(timezone, valid_to) as date) as date,
        -1 as open_change,
        0 as delivered
    from open_piece
    where valid_to is not null
    union all
    select
        member.scope_type,
        member.scope_id,
        member.part_id,
        member.first_date,
        -- What was done before it was planned for a release is done in it from then on.
        cast(timezone(member.timezone, greatest(cycle.finished_at, member.valid_from)) as date) as date,
        0 as open_change,
        1 as delivered
    from member
    inner join {{ ref('int_issue_cycle') }} as cycle
        on
            member.issue_id = cycle.issue_id
            and cycle.is_in_flow_scope
            and (member.valid_from <= cycle.finished_at or member.is_plan)
            and (member.valid_to is null or member.valid_to > cycle.finished_at)

)

select
    scope_type,
    scope_id,
    part_id,
    greatest(date, first_date - 1) as date,
    cast(sum(delivered) as bigint) as delivered_count,
    cast(sum(open_change) as bigint) as open_change
from movement
group by scope_type, scope_id, part_id, greatest(date, first_date - 1)
