-- One row per resolution, in lower case, with which an issue is done but nothing was delivered (METRICS.md 2.2).
-- Compared in lower case and with straight apostrophes: people write Won't Do in both ways.
select replace(lower(value), '’', '''') as resolution
from {{ source('ops', 'setting_value') }}
where setting = 'not_delivered_resolutions'
union
-- GitHub's state reasons are not a matter of settings.
select 'not_planned' as resolution
union
select 'duplicate' as resolution
