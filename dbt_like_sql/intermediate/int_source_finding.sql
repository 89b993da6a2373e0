-- One row per rule of data quality and project or account it was held against.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

person as (

    select
        dim_person.person_id,
        dim_person.tracker,
        dim_person.account_ref,
        dim_person.canonical_person_id,
        -- What two accounts of one human have in common. A name alone proves nothing, but is worth a look.
        person.email_sha256,
        nullif(lower(trim(dim_person.display_name)), '') as name
    from {{ ref('dim_person') }} as dim_person
    inner join {{ source('core', 'person') }} as person on dim_person.person_id = person.person_id
    where not dim_person.is_bot and coalesce(dim_person.is_active, true)

),

alike as (

    select
        *,
        min(canonical_person_id) over (partition by email_sha256) as first_by_email,
        max(canonical_person_id) over (partition by email_sha256) as last_by_email,
        min(canonical_person_id) over (partition by name) as first_by_name,
        max(canonical_person_id) over (partition by name) as last_by_name
    from person

)

select
    'duplicate_identity' as rule,
    'info' as severity,
    tracker as scope,
    person_id as record_id,
    account_ref as record_key,
    coalesce(email_sha256 is not null and first_by_email <> last_by_email, false)
    or coalesce(name is not null and first_by_name <> last_by_name, false) as is_failed
from alike
union all
-- Read hourly and each night, so that a day without a reading is a fault of ours.
select
    'stale_sync' as rule,
    'warning' as severity,
    project.project_ref as scope,
    project.project_id as record_id,
    project.project_key as record_key,
    coalesce(date_diff('second', project.last_read_at, parameter.as_of) > 86400, true) as is_failed
from {{ ref('dim_project') }} as project
cross join parameter
where coalesce(project.is_readable, true) and not coalesce(project.is_archived, false) and project.skip_reason is null
