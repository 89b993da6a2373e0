-- One row per account, with the human it belongs to as far as program.yaml tells.
select
    person.person_id,
    person.instance as tracker,
    person.account_ref,
    coalesce(identity.canonical_person_id, person.person_id) as canonical_person_id,
    coalesce(identity.canonical_name, person.display_name, person.account_ref) as name,
    person.display_name,
    coalesce(person.is_bot, false) as is_bot,
    person.is_active
from {{ source('core', 'person') }} as person
left join {{ source('core', 'person_identity') }} as identity
    on person.instance || ':' || person.account_ref = identity.account_ref
