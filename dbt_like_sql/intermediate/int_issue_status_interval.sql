-- One row per issue and period in one status, with its category and the direction of the move into it.
with wait_status as (

    select lower(value) as name from {{ source('ops', 'setting_value') }}
    where setting = 'wait_statuses'

),

period as (

    select
        field_interval.*,
        coalesce(status.category, 'unmapped') as category,
        case
            when status.wait_class is not null then status.wait_class
            when lower(status.name) in (select wait_status.name from wait_status) then 'wait'
            else 'active'
        end as wait_class,
        case status.category when 'todo' then 0 when 'in_progress' then 1 when 'done' then 2 end as stage
    from {{ ref('int_issue_field_interval') }} as field_interval
    left join {{ source('core', 'status') }} as status on field_interval.value = status.status_id
    where field_interval.field = 'status'

),

ordered as (

    select
        *,
        row_number() over (partition by issue_id order by valid_from) as seq,
        lag(stage) over (partition by issue_id order by valid_from) as stage_before
    from period

)

select
    issue_id,
    value as status_id,
    category,
    wait_class,
    valid_from,
    valid_to,
    seq,
    case
        when seq = 1 then null
        when stage > stage_before then 'forward'
        when stage < stage_before then 'backward'
        else 'lateral'
    end as direction,
    provenance,
    precision_seconds
from ordered
