-- One row per board, configuration of its columns and status shown on it, with the period the configuration held.
-- Only the present configuration can be read, so the first one seen counts from the beginning (is_backfilled).
with observed as (

    select * from {{ source('core', 'board_column_status') }}

),

configuration as (

    select
        board_id,
        observed_at,
        lag(observed_at) over (partition by board_id order by observed_at) is null as is_backfilled,
        lead(observed_at) over (partition by board_id order by observed_at) as valid_to
    from (select distinct
        board_id,
        observed_at
    from observed) as seen

)

select
    observed.board_id,
    observed.status_id,
    observed.column_name,
    observed.column_ordinal,
    observed.is_done_column,
    case
        when configuration.is_backfilled then timestamptz '1970-01-01 00:00:00+00:00' else configuration.observed_at
    end as valid_from,
    configuration.valid_to,
    configuration.is_backfilled
from observed
inner join configuration
    on observed.board_id = configuration.board_id and observed.observed_at = configuration.observed_at
