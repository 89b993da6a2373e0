"""Whole tables between the warehouse and Arrow, for Python models."""

from importlib import import_module
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.execution import run

STAGED = "python_model_result"


def read_table(connection: sa.Connection, relation: str) -> pa.Table:
    """All rows of a table; instants come in UTC."""
    select = f"select * from {relation}"  # noqa: S608  our own quoted name
    result = _driver(connection).execute(select)
    if connection.dialect.name == "duckdb":
        return result.to_arrow_table()
    return _postgresql_rows().to_arrow(result)


def create_table(connection: sa.Connection, relation: str, table: pa.Table) -> None:
    """Replace the table by these rows, typed as Arrow types them. ModelError for a type that no column can have."""
    if connection.dialect.name == "duckdb":
        driver = _driver(connection)
        driver.register(STAGED, table)
        try:
            run(connection, f"create or replace table {relation} as select * from {STAGED}")  # noqa: S608  as above
        finally:
            driver.unregister(STAGED)
        return
    rows = _postgresql_rows()
    columns = ", ".join(f"{_quoted(field.name)} {_sql_type(field, rows)}" for field in table.schema)
    run(connection, f"drop table if exists {relation} cascade")
    run(connection, f"create table {relation} ({columns})")
    rows.copy_in(_driver(connection), relation, table)
    run(connection, f"analyze {relation}")


def _driver(connection: sa.Connection) -> Any:
    """The driver's own connection, in the same transaction: rows by the thousand go past SQLAlchemy."""
    return connection.connection.driver_connection


def _postgresql_rows() -> Any:
    """Needs psycopg, which only those have who want PostgreSQL."""
    return import_module("itpm_pipeline.warehouse.postgresql.rows")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql_type(field: pa.Field, rows: Any) -> str:
    name: str | None = rows.sql_type(field.type)
    if name is None:
        raise ModelError(f"column {field.name}: no SQL type for Arrow's {field.type}")
    return name
