"""Whole tables between the warehouse and Arrow, for Python models."""

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.modeling.execution import run

STAGED = "python_model_result"


def read_table(connection: sa.Connection, relation: str) -> pa.Table:
    """All rows of a table; instants come in UTC."""
    if connection.dialect.name == "duckdb":
        driver = connection.connection.driver_connection
        assert driver is not None
        return driver.execute(f"select * from {relation}").to_arrow_table()  # noqa: S608  our own quoted name
    result = run(connection, f"select * from {relation}")  # noqa: S608  our own quoted name
    names = list(result.keys())
    rows = [dict(zip(names, row, strict=True)) for row in result]
    return pa.Table.from_pylist(rows) if rows else pa.table({name: pa.nulls(0) for name in names})


def create_table(connection: sa.Connection, relation: str, table: pa.Table) -> None:
    """Replace the table by these rows, typed as Arrow types them."""
    if connection.dialect.name == "duckdb":
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.register(STAGED, table)
        try:
            run(connection, f"create or replace table {relation} as select * from {STAGED}")  # noqa: S608  as above
        finally:
            driver.unregister(STAGED)
        return
    raise NotImplementedError
