#!/bin/sh
# Run once by the PostgreSQL image, on an empty data folder: a database for the warehouse, one for Dagster.
set -eu
psql -v ON_ERROR_STOP=1 -v itpm="$ITPM_PG_PASSWORD" -v dagster="$DAGSTER_PG_PASSWORD" -U postgres <<'SQL'
create role itpm login password :'itpm';
create role dagster login password :'dagster';
create database itpm;
create database dagster owner dagster;
SQL
psql -v ON_ERROR_STOP=1 -U postgres -d itpm -f /roles.sql
