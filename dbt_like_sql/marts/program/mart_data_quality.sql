-- One row per rule, project, board or tracker it was held against, and day: how many records break it, with some of
-- their keys.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

-- Of one project each.
project_finding as (

    select
        rule,
        severity,
        project_id,
        record_key,
        is_failed
    from {{ ref('int_issue_finding') }}
    union all
    select
        rule,
        severity,
        project_id,
        record_key,
        is_failed
    from {{ ref('int_issue_finish_finding') }}
    union all
    select
        rule,
        severity,
        project_id,
        record_key,
        is_failed
    from {{ ref('int_dependency_finding') }}

),

finding as (

    select
        project_finding.rule,
        project_finding.severity,
        project.project_ref as scope,
        project_finding.record_key,
        coalesce(project_finding.is_failed, false) as is_failed
    from project_finding
    inner join {{ ref('dim_project') }} as project on project_finding.project_id = project.project_id
    union all
    select
        rule,
        severity,
        board_id as scope,
        record_key,
        coalesce(is_failed, false) as is_failed
    from {{ ref('int_board_finding') }}
    union all
    select
        rule,
        severity,
        scope,
        record_key,
        is_failed
    from {{ ref('int_source_finding') }}

),

ranked as (

    select
        *,
        row_number() over (partition by rule, scope order by is_failed desc, record_key asc) as place
    from finding

)

select
    ranked.rule,
    ranked.scope,
    cast(timezone(parameter.default_timezone, parameter.as_of) as date) as date,
    min(ranked.severity) as severity,
    count(*) filter (where ranked.is_failed) as failed,
    count(*) as total,
    string_agg(
        case when ranked.is_failed and ranked.place <= 5 then ranked.record_key end, ', ' order by ranked.record_key
    ) as sample_keys,
    parameter.as_of,
    parameter.config_version
from ranked
cross join parameter
group by ranked.rule, ranked.scope, parameter.default_timezone, parameter.as_of, parameter.config_version
