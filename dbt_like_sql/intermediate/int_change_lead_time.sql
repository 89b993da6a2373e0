-- One row per merged pull request with the production deployment that brought it out and the stages on the way there
-- (METRICS.md 3.4). That is the first one of its repository that succeeded after the merge: what a deployment contains
-- is not told. Spans that would be negative are null.
with merged as (

    select
        pull_request.*,
        project.default_branch
    from {{ source('core', 'pull_request') }} as pull_request
    inner join {{ source('core', 'project') }} as project on pull_request.repo_id = project.project_id
    cross join {{ source('ops', 'build_parameter') }} as parameter
    where
        pull_request.merged_at <= parameter.as_of
        and (project.default_branch is null or project.default_branch = pull_request.base_branch)

),

event as (

    select
        repo_id,
        merged_at as occurred_at,
        0 as is_deployment,
        pr_id as event_id
    from merged
    union all
    select
        repo_id,
        finished_at as occurred_at,
        1 as is_deployment,
        deployment_id as event_id
    from {{ ref('int_production_deployment') }}
    where state = 'success'

),

-- Numbered, so that the first deployment at or after each merge is the least number that follows.
ordered as (

    select
        *,
        row_number() over (partition by repo_id order by occurred_at, is_deployment, event_id) as event_no
    from event

),

followed as (

    select
        *,
        min(case when is_deployment = 1 then event_no end) over (
            partition by repo_id order by event_no rows between current row and unbounded following
        ) as deployment_no
    from ordered

)

select
    merged.pr_id,
    merged.repo_id,
    deployment.event_id as deployment_id,
    merged.merged_at,
    deployment.occurred_at as deployed_at,
    case
        when deployment.occurred_at >= merged.first_commit_at
            then date_diff('second', merged.first_commit_at, deployment.occurred_at)
    end as lead_time_s,
    case
        when merged.created_at >= merged.first_commit_at
            then date_diff('second', merged.first_commit_at, merged.created_at)
    end as coding_s,
    case
        when merged.first_review_at >= merged.created_at
            then date_diff('second', merged.created_at, merged.first_review_at)
    end as pickup_s,
    case
        when merged.merged_at >= merged.first_review_at
            then date_diff('second', merged.first_review_at, merged.merged_at)
    end as review_s,
    case
        when deployment.occurred_at >= merged.merged_at
            then date_diff('second', merged.merged_at, deployment.occurred_at)
    end as deploy_s
from merged
inner join followed
    on merged.repo_id = followed.repo_id and merged.pr_id = followed.event_id and followed.is_deployment = 0
left join ordered as deployment
    on followed.repo_id = deployment.repo_id and followed.deployment_no = deployment.event_no
