-- One row per release and local day, from when something was first planned for it until its release, for the last
-- history_days complete days; the newest row carries the forecast (METRICS.md 3.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

change as (

    select * from {{ ref('int_release_scope_daily') }}

),

release as (

    select
        version.version_id,
        version.name,
        version.kind,
        version.project_id,
        project_program.program_id,
        version.release_date,
        coalesce(version.released, false) and coalesce(version.released_at <= parameter.as_of, true) as is_released,
        greatest(
            min(change.date),
            cast(timezone(project_program.timezone, parameter.as_of) as date) - cast(parameter.history_days as integer)
        ) as first_date,
        least(
            cast(timezone(project_program.timezone, parameter.as_of) as date) - 1,
            case
                when version.released
                    then coalesce(
                        cast(timezone(project_program.timezone, version.released_at) as date), version.release_date
                    )
            end
        ) as last_date
    from {{ source('core', 'release_version') }} as version
    inner join {{ ref('int_project_program') }} as project_program on version.project_id = project_program.project_id
    inner join change on version.version_id = change.version_id
    cross join parameter
    where not coalesce(version.archived, false)
    group by
        version.version_id, version.name, version.kind, version.project_id, project_program.program_id,
        version.release_date, version.released, version.released_at, project_program.timezone, parameter.as_of,
        parameter.history_days

),

spine as (

    select
        release.version_id,
        cast(day.midnight as date) as date
    from release
    cross join
        generate_series(
            cast(release.first_date as timestamp), cast(release.last_date as timestamp), interval '1 day'
        ) as day (midnight)

),

counted as (

    select
        spine.version_id,
        spine.date,
        sum(change.scope_count_change) as scope_count,
        sum(change.scope_points_change) as scope_points,
        sum(change.done_count_change) as done_count,
        sum(change.done_points_change) as done_points,
        sum(change.unestimated_count_change) as unestimated_count
    from spine
    inner join change on spine.version_id = change.version_id and spine.date >= change.date
    group by spine.version_id, spine.date

),

forecast as (

    select * from {{ ref('int_target_forecast') }}
    where scope_type = 'release'

)

select
    release.version_id,
    counted.date,
    release.name,
    release.kind,
    release.project_id,
    release.program_id,
    cast(counted.scope_count as bigint) as scope_count,
    cast(counted.done_count as bigint) as done_count,
    cast(counted.unestimated_count as bigint) as unestimated_count,
    counted.scope_points,
    counted.done_points,
    counted.done_count / cast(nullif(counted.scope_count, 0) as double) as done_share,
    counted.done_points / nullif(counted.scope_points, 0) as done_points_share,
    release.release_date,
    release.is_released,
    counted.date = release.last_date as is_latest,
    forecast.p50_date,
    forecast.p85_date,
    forecast.verdict,
    case when counted.date = release.last_date and not release.is_released then coalesce(forecast.status, 'grey') end
        as status,
    parameter.as_of,
    parameter.config_version
from counted
inner join release on counted.version_id = release.version_id
cross join parameter
left join forecast on counted.version_id = forecast.scope_id and counted.date = release.last_date
