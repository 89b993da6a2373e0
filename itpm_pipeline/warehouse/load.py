"""Bulk merges of Arrow tables into warehouse tables, inside a SQLAlchemy transaction.

How rows meet is the table's ``info["merge"]``; what "newer" means is the order of (``synced_at``, ``_raw_hash``):

UPSERT    per key the newest version stands, whatever the order of arrival. A row that equals the stored one in
          all but ``synced_at`` changes nothing.
REPLACE   child rows belong to the record they were mapped from. Those of a record and scope given in ``replaced``
          become exactly the ones in ``data``; rows with unchanged content keep their old stamp. When rows of two
          records claim one key, the newer stands.
APPEND    a row whose key exists is left alone; of several with one key in ``data``, the first is taken.
FACTS     the table becomes ``data``; rows with unchanged content keep their old stamp.

``_raw_hash`` is ``{record}:{payload hash}``; :func:`record_stamp` gives its first part, by which a child row is known
to belong to a record.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.shape import Merge, Replaced
from itpm_pipeline.warehouse import duckdb_merge

STAMPS = ("synced_at", "_raw_hash")
"""Columns that tell of the version behind a row, and are not its content."""


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """Rows a merge changed; rows that stayed as they were are not counted."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __add__(self, other: "MergeCounts") -> "MergeCounts":
        return MergeCounts(
            self.inserted + other.inserted, self.updated + other.updated, self.deleted + other.deleted
        )


def many_merges(conn: sa.Connection) -> AbstractContextManager[None]:
    """Prepares the database for many merges of few rows, inside of the block."""
    prepare = getattr(_dialect(conn), "many_merges", None)
    return prepare(conn) if prepare else nullcontext()


def merge(
    conn: sa.Connection, table: sa.Table, data: pa.Table, replaced: Sequence[Replaced] = ()
) -> MergeCounts:
    """Merge ``data`` (columns of ``table``; see ``canonical.schema.arrow_schema``) as the table's kind demands.

    Several rows of one key in ``data``: of equally new ones the last wins (but for APPEND). Keys must not be null.
    """
    kind = table.info["merge"]
    dialect = _dialect(conn)
    if kind is Merge.REPLACE:
        return MergeCounts(*dialect.replace(conn, table, data, replaced))
    if replaced:
        raise ValueError(f"{table.fullname} is not replaced by scope")
    if kind is Merge.UPSERT:
        return MergeCounts(*dialect.upsert(conn, table, data))
    if kind is Merge.APPEND:
        return MergeCounts(*dialect.append(conn, table, data))
    return MergeCounts(*dialect.replace_all(conn, table, data))


def merge_observations(conn: sa.Connection, table: sa.Table, data: pa.Table) -> MergeCounts:
    """Append to ``field_observation`` those rows whose value differs from the observation before.

    ``previous_read_at`` comes as our clock at the reading before (null: there was none). It is kept null for the
    first observation of a field, and moved forward to the observation before where that is later.
    """
    return MergeCounts(*_dialect(conn).append_changes(conn, table, data))


def put(conn: sa.Connection, table: sa.Table, data: pa.Table) -> None:
    """Insert or overwrite rows of an ops table by its key (``info["key"]``); the keys in ``data`` are unique."""
    _dialect(conn).put(conn, table, data)


def find(conn: sa.Connection, table: sa.Table, keys: pa.Table) -> pa.Table:
    """Rows of an ops table whose columns have the values of a row in ``keys``."""
    found: pa.Table = _dialect(conn).find(conn, table, keys)
    return found


def remove(conn: sa.Connection, table: sa.Table, keys: pa.Table) -> None:
    """Delete those rows."""
    _dialect(conn).remove(conn, table, keys)


def _dialect(conn: sa.Connection) -> Any:
    if conn.dialect.name == "duckdb":
        return duckdb_merge
    # Needs psycopg, which only those have who want PostgreSQL.
    return import_module("itpm_pipeline.warehouse.postgresql.merge")
