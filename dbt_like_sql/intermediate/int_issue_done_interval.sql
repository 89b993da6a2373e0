-- One row per issue, basis of being done and period in which it was, or was not, done on that basis; without gaps.
with marked as (

    select
        *,
        lag(is_done) over (partition by issue_id, basis_key order by valid_from) as was_done
    from {{ ref('int_issue_done_piece') }}

)

select
    issue_id,
    basis_key,
    is_done,
    valid_from,
    coalesce(
        lead(valid_from) over (partition by issue_id, basis_key order by valid_from),
        -- The end of the last piece, which is null while the issue exists.
        last_valid_to
    ) as valid_to
from (
    select
        *,
        last_value(valid_to) over (
            partition by issue_id, basis_key order by valid_from
            rows between unbounded preceding and unbounded following
        ) as last_valid_to
    from marked
) as bounded
where was_done is null or is_done <> was_done
