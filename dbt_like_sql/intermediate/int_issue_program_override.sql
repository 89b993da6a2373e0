-- One row per issue that a rule of program.yaml counts for another program than its project at as_of.
with parameter as (

    select * from {{ source('ops', 'build_parameter') }}

),

routed as (

    select
        override.issue_id,
        override.program_id,
        override.rule,
        row_number() over (partition by override.issue_id order by override.valid_from desc) as choice_no
    from {{ source('core', 'issue_program_override') }} as override
    cross join parameter
    where override.valid_from <= cast(timezone('UTC', parameter.as_of) as date)

)

select
    issue_id,
    program_id,
    rule
from routed
where choice_no = 1
