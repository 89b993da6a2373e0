-- One row per directed edge between two issues with all that shows it: links and texts of today, and the history that
-- tells of a dependency taken back.
with dependency as (

    select * from {{ ref('int_dependency_interval') }}

),

shown as (

    select
        blocker_issue_id,
        blocked_issue_id,
        edge_type,
        confidence,
        provenance
    from {{ ref('int_link_endpoint') }}
    union all
    -- Removed by now: only history tells of it.
    select
        blocker_issue_id,
        blocked_issue_id,
        'blocks' as edge_type,
        1.0 as confidence,
        'history' as provenance
    from dependency
    group by blocker_issue_id, blocked_issue_id
    having count(valid_to) = count(*)

)

select
    blocker_issue_id,
    blocked_issue_id,
    edge_type,
    cast(max(confidence) as double) as confidence,
    string_agg(distinct provenance, ',' order by provenance) as provenance
from shown
group by blocker_issue_id, blocked_issue_id, edge_type
