-- One row per issue, release and period in which the issue was planned for it. History tells releases that come and go
-- one by one, as an issue can be planned for several.
with issue as (

    select * from {{ ref('int_issue') }}

),

earliest as (

    select
        *,
        row_number() over (partition by issue_id, version_id order by event_no, is_planned) as movement_no
    from {{ ref('int_issue_version_event') }}

),

-- What leaves without having come was there at creation; what is there without history has been since creation.
known as (

    select
        issue_id,
        version_id,
        is_planned,
        occurred_at,
        event_no,
        provenance
    from earliest
    union all
    select
        earliest.issue_id,
        earliest.version_id,
        true as is_planned,
        issue.created_at as occurred_at,
        0 as event_no,
        earliest.provenance
    from earliest
    inner join issue on earliest.issue_id = issue.issue_id
    where earliest.movement_no = 1 and not earliest.is_planned
    union all
    select
        issue.issue_id,
        issue_version.version_id,
        true as is_planned,
        issue.created_at as occurred_at,
        0 as event_no,
        'creation_default' as provenance
    from {{ source('core', 'issue_version') }} as issue_version
    inner join issue on issue_version.issue_id = issue.issue_id
    left join earliest on issue.issue_id = earliest.issue_id and issue_version.version_id = earliest.version_id
    where earliest.issue_id is null

),

last_write as (

    select
        known.*,
        lead(known.occurred_at) over (
            partition by known.issue_id, known.version_id order by known.event_no, known.is_planned
        ) as next_write_at
    from known
    cross join {{ source('ops', 'build_parameter') }} as parameter
    where known.occurred_at <= parameter.as_of

),

ordered as (

    select
        *,
        lag(is_planned) over (partition by issue_id, version_id order by occurred_at) as was_planned
    from last_write
    where next_write_at is null or next_write_at > occurred_at

),

period as (

    select
        *,
        lead(occurred_at) over (partition by issue_id, version_id order by occurred_at) as next_at
    from ordered
    where was_planned is null or was_planned <> is_planned

)

select
    period.issue_id,
    period.version_id,
    period.occurred_at as valid_from,
    least(period.next_at, issue.deleted_observed_at) as valid_to,
    period.provenance
from period
inner join issue on period.issue_id = issue.issue_id
where
    period.is_planned
    and (issue.deleted_observed_at is null or period.occurred_at < issue.deleted_observed_at)
