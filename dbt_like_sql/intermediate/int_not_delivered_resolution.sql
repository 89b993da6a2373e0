-- One row per resolution, in lower case, with which an issue is done but nothing was delivered (METRICS.md 2.2).
-- Compared in lower case and with straight apostrophes: people write Won't Do in both ways.
select replace(lower(value), '’', '''') as resolution
from {{ source('ops', 'setting_value') }}
where setting = 'not_delivered_resolutions'
union
-- GitHub's state reasons are not a matter of settings.
select resolution
from (values ('not_planned'), ('duplicate')) as github(resolution)
