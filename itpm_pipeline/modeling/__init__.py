"""Runs the SQL project in ``dbt_like_sql``: reads it, orders it, builds its tables, checks them.

The folder is a dbt project that dbt itself can run; this package is a runner of its own because it is four times
faster, runs inside the warehouse's transaction and tells Dagster about every column.
"""
