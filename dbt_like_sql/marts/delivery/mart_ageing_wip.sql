-- One row per issue at story level in progress at as_of: its age, and how that compares with what was delivered in the
-- last history_days (METRICS.md 3.2).
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

ageing as (

    select * from {{ ref('int_issue_ageing') }}

)

select
    cycle.issue_id,
    cycle.issue_key,
    issue.summary,
    cycle.type,
    cycle.project_id,
    cycle.program_id,
    cycle.team_id,
    state.assignee_person_id,
    state.status_id,
    status.name as status_name,
    state.status_since,
    date_diff('second', state.status_since, parameter.as_of) as stage_age_s,
    clock.started_at,
    overall.age_s,
    overall.pace_percentile,
    case
        when overall.pace_percentile is null or overall.age_s is null then null
        when overall.age_s <= overall.p50_s then 'green'
        when overall.age_s <= overall.p70_s then 'yellow'
        when overall.age_s <= overall.p85_s then 'orange'
        else 'red'
    end as band,
    overall.p50_s as cohort_p50_s,
    overall.p85_s as cohort_p85_s,
    case overall.level when 1 then 'team and type' when 2 then 'team' when 3 then 'project' when 4 then 'program' end
        as cohort,
    overall.sample_count as cohort_sample_count,
    overall.chance_within_p85,
    in_stage.pace_percentile as stage_pace_percentile,
    in_stage.p50_s as stage_p50_s,
    in_stage.p85_s as stage_p85_s,
    in_stage.sample_count as stage_sample_count,
    cycle.blocked_s,
    blocked.issue_id is not null as is_blocked,
    state.due_date,
    issue.url,
    parameter.as_of,
    parameter.config_version
from ageing as overall
inner join {{ ref('int_issue_cycle') }} as cycle on overall.issue_id = cycle.issue_id
inner join {{ ref('int_issue_clock') }} as clock on overall.issue_id = clock.issue_id
inner join {{ ref('int_issue_state') }} as state on overall.issue_id = state.issue_id
inner join {{ ref('int_issue') }} as issue on overall.issue_id = issue.issue_id
cross join parameter
left join ageing as in_stage on overall.issue_id = in_stage.issue_id and in_stage.kind = 'stage'
left join {{ source('core', 'status') }} as status on state.status_id = status.status_id
left join {{ ref('int_issue_blocked') }} as blocked on overall.issue_id = blocked.issue_id
where overall.kind = 'cycle'
