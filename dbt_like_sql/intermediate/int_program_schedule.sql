-- One row per program with what its own date and those of its open releases and milestones say: the worst decides
-- (METRICS.md 3.2 and 5.1), and is told in words.
with target as (

    select
        program.program_id,
        true as is_program,
        forecast.scope_id,
        'the program' as subject,
        program.target_date,
        forecast.p50_date,
        forecast.p85_date,
        forecast.reason,
        -- Of a program that has nothing left to do nobody need fear anything.
        coalesce(forecast.is_nothing_left and program.target_date is not null, false) as is_done,
        forecast.status
    from {{ ref('int_program') }} as program
    left join {{ ref('int_target_forecast') }} as forecast
        on program.program_id = forecast.scope_id and forecast.scope_type = 'program'
    union all
    select
        project_program.program_id,
        false as is_program,
        forecast.scope_id,
        project.project_key || ' ' || version.name as subject,
        forecast.target_date,
        forecast.p50_date,
        forecast.p85_date,
        forecast.reason,
        false as is_done,
        forecast.status
    from {{ ref('int_target_forecast') }} as forecast
    inner join {{ source('core', 'release_version') }} as version on forecast.scope_id = version.version_id
    inner join {{ source('core', 'project') }} as project on version.project_id = project.project_id
    inner join {{ ref('int_project_program') }} as project_program on project.project_id = project_program.project_id
    where forecast.scope_type = 'release' and forecast.target_date is not null

),

rated as (

    select
        program_id,
        is_program,
        scope_id,
        subject,
        target_date,
        p50_date,
        p85_date,
        reason,
        is_done,
        case when is_done then 'green' else coalesce(status, 'grey') end as rag
    from target

),

ranked as (

    select
        *,
        count(*) filter (where rag in ('red', 'amber')) over (partition by program_id) as endangered_count,
        -- What is not known decides last, and of two alike the program speaks, then the earlier date.
        row_number() over (
            partition by program_id
            order by
                case rag when 'red' then 1 when 'amber' then 2 when 'green' then 3 else 4 end,
                case when target_date is null then 1 else 0 end,
                case when is_program then 0 else 1 end,
                target_date,
                scope_id
        ) as place
    from rated

)

select
    program_id,
    rag as schedule_rag,
    case when is_program then null else scope_id end as version_id,
    target_date,
    p50_date,
    p85_date,
    endangered_count,
    case
        when target_date is null then 'neither the program nor an open release has a date'
        when is_done then 'no open issues are left'
        else
            subject || ' is due by ' || cast(target_date as text) || ': '
            || case
                when rag = 'grey' then 'no forecast' || coalesce(' (' || reason || ')', '')
                when rag = 'green' then '85 % sure by ' || cast(p85_date as text)
                else
                    coalesce('as likely as not by ' || cast(p50_date as text), 'not foreseeable')
                    || coalesce(', 85 % sure by ' || cast(p85_date as text), '')
            end
            || case
                when rag in ('red', 'amber') and endangered_count > 1
                    then '; ' || cast(endangered_count - 1 as text) || ' more in danger'
                else ''
            end
    end as schedule_reason
from ranked
where place = 1
