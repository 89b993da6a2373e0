"""Arrow data made readable to DuckDB's SQL, and names quoted for it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa


@contextmanager
def staged(conn: sa.Connection, data: pa.Table, **others: pa.Table) -> Iterator[Any]:
    """Make ``data`` readable as ``incoming`` with its position as ``ordinal``, inside conn's transaction."""
    connection = driver(conn)
    views = {"incoming": data.append_column("ordinal", pa.array(np.arange(data.num_rows))), **others}
    for name, view in views.items():
        connection.register(name, view)
    try:
        yield connection.execute
    finally:
        for name in views:
            connection.unregister(name)


def driver(conn: sa.Connection) -> Any:
    """DuckDB's own connection, inside the same transaction."""
    return conn.connection.driver_connection


def qualified(table: sa.Table) -> str:
    """``"core"."issue"``."""
    return f"{quoted(str(table.schema))}.{quoted(table.name)}"


def quoted_list(columns: Iterable[str]) -> str:
    """Quoted names with commas between them."""
    return ", ".join(quoted(column) for column in columns)


def quoted(name: str) -> str:
    """A name that SQL takes whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
