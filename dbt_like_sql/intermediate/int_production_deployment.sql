-- One row per finished production deployment. A repository that never tells of any has its releases instead, marked as
-- such: a proxy, as being released is not being deployed (METRICS.md 3.4).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

told as (

    select
        deployment.deployment_id,
        deployment.repo_id,
        deployment.commit_oid,
        deployment.finished_at,
        deployment.state,
        'deployment' as deployment_source
    from {{ source('core', 'deployment') }} as deployment
    cross join parameter
    where
        deployment.is_production
        and deployment.state in ('success', 'failure')
        and deployment.finished_at <= parameter.as_of

)

select * from told
union all
select
    version.version_id as deployment_id,
    version.project_id as repo_id,
    cast(null as text) as commit_oid,
    version.released_at as finished_at,
    'success' as state,
    'release' as deployment_source
from {{ source('core', 'release_version') }} as version
cross join parameter
where
    version.kind = 'gh_release'
    and not coalesce(version.is_prerelease, false)
    and version.released_at <= parameter.as_of
    and version.project_id not in (select coalesce(told.repo_id, '') from told)
