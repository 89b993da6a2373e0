-- One row per issue whose iteration was taken from it by an edit of the iterations, and not by a person.
-- Editing the list may give its iterations new ids, and then takes the old ones from all items. So what an issue lost
-- at the reading that saw the list change was cleared if its iteration is not listed any more, or if none of the issues
-- in that iteration kept it. What had begun by then holds on; what had not begun can be planned anew.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

observation as (

    select
        entity_kind,
        entity_id,
        field,
        scope,
        observed_at,
        nullif(value, '') as value,
        lag(nullif(value, '')) over (partition by entity_id, field, scope order by observed_at) as value_before,
        lead(observed_at) over (partition by entity_id, field, scope order by observed_at) as next_observed_at,
        coalesce(
            previous_read_at, lag(observed_at) over (partition by entity_id, field, scope order by observed_at)
        ) as read_before_at
    from {{ source('core', 'field_observation') }}
    where
        scope is not null
        and ((entity_kind = 'board' and field = 'iterations') or (entity_kind = 'issue' and field = 'sprint'))

),

edit as (

    select
        scope,
        observed_at as edited_at,
        value as listed
    from observation
    where entity_kind = 'board' and value_before is not null and value is distinct from value_before

),

lost as (

    select
        observation.entity_id as issue_id,
        observation.scope,
        observation.observed_at,
        observation.read_before_at,
        observation.value_before as sprint_id,
        edit.edited_at,
        position('"' || observation.value_before || '"' in edit.listed) > 0 as is_listed
    from observation
    inner join edit
        on
            observation.scope = edit.scope
            and observation.observed_at >= edit.edited_at
            and observation.read_before_at < edit.edited_at
    where observation.entity_kind = 'issue' and observation.value is null and observation.value_before is not null

),

loss as (

    select
        scope,
        edited_at,
        sprint_id,
        count(distinct issue_id) as lost_count
    from lost
    group by scope, edited_at, sprint_id

),

holder as (

    select
        edit.scope,
        edit.edited_at,
        observation.value as sprint_id,
        count(*) as holder_count
    from edit
    inner join observation
        on
            edit.scope = observation.scope
            and edit.edited_at > observation.observed_at
            and (observation.next_observed_at is null or edit.edited_at <= observation.next_observed_at)
    where observation.entity_kind = 'issue' and observation.value is not null
    group by edit.scope, edit.edited_at, observation.value

)

select
    lost.issue_id,
    lost.scope,
    lost.observed_at,
    lost.sprint_id as kept_sprint_id,
    max(lost.edited_at) as edited_at
from lost
cross join parameter
inner join loss
    on lost.scope = loss.scope and lost.edited_at = loss.edited_at and lost.sprint_id = loss.sprint_id
inner join holder
    on lost.scope = holder.scope and lost.edited_at = holder.edited_at and lost.sprint_id = holder.sprint_id
inner join {{ source('core', 'sprint') }} as sprint on lost.sprint_id = sprint.sprint_id
where
    (not lost.is_listed or (loss.lost_count > 1 and loss.lost_count >= holder.holder_count))
    and timezone(parameter.iteration_timezone, cast(sprint.start_date as timestamp)) <= lost.edited_at
group by lost.issue_id, lost.scope, lost.observed_at, lost.sprint_id
