-- One row per rule, project or board it was held against, and day: how many records break it, with some of their keys.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

finding as (

    select
        issue_finding.rule,
        issue_finding.severity,
        project.project_ref as scope,
        issue_finding.record_key,
        coalesce(issue_finding.is_failed, false) as is_failed
    from {{ ref('int_issue_finding') }} as issue_finding
    inner join {{ ref('dim_project') }} as project on issue_finding.project_id = project.project_id
    union all
    select
        rule,
        severity,
        board_id as scope,
        record_key,
        coalesce(is_failed, false) as is_failed
    from {{ ref('int_board_finding') }}

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
