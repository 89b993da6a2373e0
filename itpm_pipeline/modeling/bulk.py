"""Whole tables between the warehouse and Arrow, for Python models."""

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.execution import run

STAGED = "python_model_result"

TYPES: tuple[tuple[Callable[[pa.DataType], bool], sa.types.TypeEngine[Any]], ...] = (
    (pa.types.is_boolean, sa.Boolean()),
    (pa.types.is_integer, sa.BigInteger()),
    (pa.types.is_floating, sa.Double()),
    (pa.types.is_decimal, sa.Numeric(18, 2)),
    (pa.types.is_date, sa.Date()),
    (pa.types.is_timestamp, sa.DateTime(timezone=True)),
    (pa.types.is_string, sa.Text()),
    (pa.types.is_large_string, sa.Text()),
)
"""Arrow's types and SQL's, where the engine does not translate by itself."""


def read_table(connection: sa.Connection, relation: str) -> pa.Table:
    """All rows of a table; instants come in UTC."""
    select = f"select * from {relation}"  # noqa: S608  our own quoted name
    if connection.dialect.name == "duckdb":
        return _driver(connection).execute(select).to_arrow_table()
    result = run(connection, select)
    names = list(result.keys())
    columns = list(zip(*result, strict=True)) or [()] * len(names)
    return pa.table([pa.array(column) for column in columns], names=names)


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
    columns = ", ".join(f'"{field.name}" {_sql_type(field, connection)}' for field in table.schema)
    run(connection, f"drop table if exists {relation} cascade")
    run(connection, f"create table {relation} ({columns})")
    text = io.BytesIO()
    pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
    with _driver(connection).cursor() as cursor, cursor.copy(f"copy {relation} from stdin (format csv)") as copy:
        copy.write(text.getbuffer())
    run(connection, f"analyze {relation}")


def _driver(connection: sa.Connection) -> Any:
    """The driver's own connection, in the same transaction: rows by the thousand go past SQLAlchemy."""
    return connection.connection.driver_connection


def _sql_type(field: pa.Field, connection: sa.Connection) -> str:
    for matches, kind in TYPES:
        if matches(field.type):
            return kind.compile(dialect=connection.dialect)
    raise ModelError(f"column {field.name}: no SQL type for Arrow's {field.type}")
