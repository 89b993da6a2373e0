-- One row per issue and period in one status, with its category and the direction of the move into it.
-- On GitHub an issue is open or closed and its project item has a status: closed always counts as done; otherwise the
-- item's status wins over the plain one when it has one.
with issue as (

    select * from {{ ref('int_issue') }}

),

status as (

    select * from {{ source('core', 'status') }}

),

wait_status as (

    select value from {{ source('ops', 'setting_value') }} where setting = 'wait_statuses'

),

field_interval as (

    select * from {{ ref('int_issue_field_interval') }} where field in ('status', 'state', 'item_status')

),

-- Both statuses of a GitHub issue, cut at every instant one of them changes.
cut as (

    select distinct
        issue_id,
        valid_from
    from field_interval
    where field in ('state', 'item_status')

),

combined as (

    select
        cut.issue_id,
        cut.valid_from,
        case
            when state_status.category = 'done' and coalesce(item_status.category, '') <> 'done' then state.value
            else coalesce(item.value, state.value)
        end as status_id,
        case
            when item.valid_from = cut.valid_from then item.provenance
            else coalesce(state.provenance, item.provenance)
        end as provenance,
        greatest(coalesce(state.precision_seconds, 0), coalesce(item.precision_seconds, 0)) as precision_seconds
    from cut
    left join field_interval as state
        on
            cut.issue_id = state.issue_id
            and state.field = 'state'
            and state.valid_from <= cut.valid_from
            and (state.valid_to is null or cut.valid_from < state.valid_to)
    left join field_interval as item
        on
            cut.issue_id = item.issue_id
            and item.field = 'item_status'
            and item.valid_from <= cut.valid_from
            and (item.valid_to is null or cut.valid_from < item.valid_to)
    left join status as state_status on state.value = state_status.status_id
    left join status as item_status on item.value = item_status.status_id
    union all
    select
        issue_id,
        valid_from,
        value as status_id,
        provenance,
        precision_seconds
    from field_interval
    where field = 'status'

),

change as (

    select
        *,
        row_number() over (partition by issue_id order by valid_from) as position_no,
        lag(status_id) over (partition by issue_id order by valid_from) as previous_status_id
    from combined

),

period as (

    select
        change.*,
        coalesce(status.category, 'unmapped') as category,
        case
            when status.wait_class is not null then status.wait_class
            when status.name in (select value from wait_status) then 'wait'
            else 'active'
        end as wait_class,
        case status.category when 'todo' then 0 when 'in_progress' then 1 when 'done' then 2 end as rank
    from change
    left join status on change.status_id = status.status_id
    where change.position_no = 1 or change.status_id is distinct from change.previous_status_id

)

select
    period.issue_id,
    period.status_id,
    period.category,
    period.wait_class,
    period.valid_from,
    coalesce(
        lead(period.valid_from) over (partition by period.issue_id order by period.valid_from),
        issue.deleted_observed_at
    ) as valid_to,
    row_number() over (partition by period.issue_id order by period.valid_from) as seq,
    case
        when period.position_no = 1 then null
        when period.rank > lag(period.rank) over (partition by period.issue_id order by period.valid_from) then 'forward'
        when period.rank < lag(period.rank) over (partition by period.issue_id order by period.valid_from)
            then 'backward'
        else 'lateral'
    end as direction,
    period.provenance,
    period.precision_seconds
from period
inner join issue on period.issue_id = issue.issue_id
