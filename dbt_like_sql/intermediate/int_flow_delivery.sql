-- One row per issue that flow metrics count as delivered and scope it was in when it was finished: the local day, how
-- long it took, and what kind of work it was (METRICS.md 3.2).
select
    issue_scope.scope_type,
    issue_scope.scope_id,
    cycle.issue_id,
    cycle.finished_at,
    cast(timezone(issue_scope.timezone, cycle.finished_at) as date) as finished_date,
    cycle.flow_cycle_time_s,
    cycle.active_time_s,
    cycle.cycle_time_s,
    case
        when cycle.type in ('bug', 'incident') then 'defect'
        when cycle.type = 'risk' then 'risk'
        when regexp_matches(lower(issue.labels), '"(tech-|technical-)?debt"|"refactoring"') then 'debt'
        else 'feature'
    end as flow_class
from {{ ref('int_issue_cycle') }} as cycle
inner join {{ ref('int_issue') }} as issue on cycle.issue_id = issue.issue_id
inner join {{ ref('int_issue_flow_zone') }} as issue_scope
    on
        cycle.issue_id = issue_scope.issue_id
        and cycle.finished_at >= issue_scope.valid_from
        and (issue_scope.valid_to is null or cycle.finished_at < issue_scope.valid_to)
where cycle.is_in_flow_scope
