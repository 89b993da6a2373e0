-- Roles and schemas of a warehouse in PostgreSQL. Run once, as an administrator, in the warehouse's own database:
--
--   createdb itpm && psql -d itpm -v ON_ERROR_STOP=1 -f deploy/postgresql/roles.sql
--   psql -d itpm -c '\password itpm'
--
-- itpm         is who the pipeline logs in as. It owns all schemas, and needs no right beyond them.
-- itpm_reader  is a group: whoever is in it may read all that is published, and nothing else. Put people and tools in:
--
--   create role metabase login password '…' in role itpm_reader;
--   alter role metabase set default_transaction_read_only = on;
--
-- It may be run again at any time; nothing is ever taken away but from "public", that is, from everybody.

do $$
begin
    if not exists (select from pg_roles where rolname = 'itpm') then
        create role itpm login;
    end if;
    if not exists (select from pg_roles where rolname = 'itpm_reader') then
        create role itpm_reader nologin;
    end if;
end
$$;

-- What readers see. Tables are made by the pipeline when it publishes for the first time.
create schema if not exists core authorization itpm;
create schema if not exists int authorization itpm;
create schema if not exists mart authorization itpm;
create schema if not exists ops authorization itpm;

-- What the pipeline works in. Nobody else has any right to it.
create schema if not exists working_core authorization itpm;
create schema if not exists working_int authorization itpm;
create schema if not exists working_mart authorization itpm;
create schema if not exists working_ops authorization itpm;

grant usage on schema core, int, mart, ops to itpm_reader;
grant select on all tables in schema core, int, mart, ops to itpm_reader;
alter default privileges for role itpm in schema core, int, mart, ops grant select on tables to itpm_reader;

-- Up to PostgreSQL 14, everybody may make tables in the schema "public".
revoke create on schema public from public;
