"""The merges of ``load`` in PostgreSQL's SQL: stage by COPY, find what changes, write only that, by primary key.

They decide as those of ``duckdb_merge`` do, row for row; the tests of merges run on both.
"""
# ruff: noqa: S608 - SQL is put together from names in the metadata only

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import arrow_schema
from itpm_pipeline.warehouse.postgresql.rows import copy_in, sql_type, to_arrow
from itpm_pipeline.warehouse.postgresql.tables import quoted

Counts = tuple[int, int, int]
"""Rows inserted, updated, deleted."""
Run = Callable[[str], Any]

_STAMPS = ("synced_at", "_raw_hash")
_RECORD_LENGTH = 16


@dataclass(frozen=True, slots=True)
class _Target:
    """A table of the warehouse in the words of SQL."""

    name: str
    key_columns: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def keys(self) -> str:
        return _names(self.key_columns)

    def all(self, of: str) -> str:
        return _names(self.columns, of)

    def content(self, of: str, without: Sequence[str] = _STAMPS) -> str:
        """One row value; ``IS DISTINCT FROM`` compares two of them column by column."""
        return f"ROW({_names((name for name in self.columns if name not in without), of)})"

    def same_key(self, a: str, b: str) -> str:
        return " AND ".join(f"{a}.{quoted(name)} = {b}.{quoted(name)}" for name in self.key_columns)

    def insert(self, select: str) -> str:
        """Insert rows, or overwrite those of the same key."""
        rest = [quoted(name) for name in self.columns if name not in self.key_columns]
        update = f"UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in rest)}" if rest else "NOTHING"
        return f"INSERT INTO {self.name} ({self.all('')}) {select} ON CONFLICT ({self.keys}) DO {update}"


def upsert(conn: sa.Connection, table: sa.Table, data: pa.Table) -> Counts:
    """Per key, the newest of stored and incoming rows stands; a row told again keeps the stamp of the first time."""
    if not data.num_rows:
        return 0, 0, 0
    target = _target(conn, table)
    keys, order = target.keys, "synced_at, _raw_hash, ordinal"
    with _staged(conn, incoming=_numbered(data)) as run:
        if _are_new(run, target):
            return _insert_all(run, target)
        run(f"""
            CREATE TEMP TABLE decided ON COMMIT DROP AS
            WITH asked AS (SELECT DISTINCT {keys} FROM incoming),
            versions AS (
                SELECT {keys}, synced_at, _raw_hash, ordinal, {target.content("i", ("synced_at",))} AS content
                FROM incoming AS i
                UNION ALL
                SELECT {keys}, synced_at, _raw_hash, -1, {target.content("t", ("synced_at",))}
                FROM {target.name} AS t JOIN asked USING ({keys})
            ),
            told AS (
                SELECT {keys}, {order}, bool_or(ordinal = -1) OVER (PARTITION BY {keys}) AS is_stored,
                    content IS DISTINCT FROM lag(content) OVER (PARTITION BY {keys} ORDER BY {order}) AS is_new
                FROM versions
            ),
            newest AS (
                SELECT DISTINCT ON ({keys}) ordinal, is_stored FROM told WHERE is_new
                ORDER BY {keys}, synced_at DESC, _raw_hash DESC, ordinal DESC
            )
            SELECT ordinal, is_stored FROM newest WHERE ordinal <> -1
        """)
        return (*_write_decided(run, target), 0)


def replace(conn: sa.Connection, table: sa.Table, data: pa.Table, replaced: Sequence[tuple[str, str]]) -> Counts:
    """Child rows of each (scope, record) in ``replaced`` become the ones in ``data``."""
    if not data.num_rows and not replaced:
        return 0, 0, 0
    target = _target(conn, table)
    keys, scope = target.keys, quoted(table.info["replace_by"])
    scopes = pa.table(
        {
            "scope": pa.array([scope for scope, _ in replaced], pa.string()),
            "record": pa.array([record for _, record in replaced], pa.string()),
        }
    )
    with _staged(conn, incoming=_numbered(data), scopes=scopes) as run:
        if _are_new(run, target, f"SELECT FROM {target.name} WHERE {scope} IN (SELECT scope FROM scopes)"):
            return _insert_all(run, target)
        # Two selects: with one condition that has an "or", all rows would be read.
        run(f"""
            CREATE TEMP TABLE held ON COMMIT DROP AS
            SELECT t.*, coalesce(({scope}, left(_raw_hash, {_RECORD_LENGTH})) IN (SELECT scope, record FROM scopes),
                false) AS is_doomed
            FROM {target.name} AS t JOIN (SELECT DISTINCT scope FROM scopes) AS s ON t.{scope} = s.scope
            UNION ALL
            SELECT t.*, false FROM {target.name} AS t JOIN (SELECT DISTINCT {keys} FROM incoming) AS i USING ({keys})
            WHERE ({scope} IN (SELECT scope FROM scopes)) IS NOT TRUE
        """)
        run(f"""
            CREATE TEMP TABLE chosen ON COMMIT DROP AS
            SELECT DISTINCT ON ({keys}) * FROM incoming
            ORDER BY {keys}, synced_at DESC, _raw_hash DESC, ordinal DESC
        """)
        # Unchanged rows stay; a row of another record stays when it is newer.
        run(f"""
            CREATE TEMP TABLE decided ON COMMIT DROP AS
            SELECT chosen.ordinal, held.is_doomed IS NOT NULL AS is_stored
            FROM chosen LEFT JOIN held ON {target.same_key("chosen", "held")}
            WHERE CASE
                WHEN held.is_doomed IS NULL THEN true
                WHEN left(held._raw_hash, {_RECORD_LENGTH}) = left(chosen._raw_hash, {_RECORD_LENGTH})
                    AND {target.content("held")} IS NOT DISTINCT FROM {target.content("chosen")} THEN false
                WHEN held.is_doomed THEN true
                ELSE (held.synced_at, held._raw_hash) <= (chosen.synced_at, chosen._raw_hash)
            END
        """)
        deleted = run(f"""
            DELETE FROM {target.name} AS t USING held
            WHERE {target.same_key("t", "held")} AND held.is_doomed
                AND NOT EXISTS (SELECT FROM chosen WHERE {target.same_key("chosen", "held")})
        """).rowcount
        return (*_write_decided(run, target), deleted)


def append(conn: sa.Connection, table: sa.Table, data: pa.Table) -> Counts:
    """Rows whose key is new."""
    if not data.num_rows:
        return 0, 0, 0
    target = _target(conn, table)
    with _staged(conn, incoming=_numbered(data)) as run:
        inserted = run(f"""
            INSERT INTO {target.name} ({target.all("")}) {_first_of_each_key(target)}
            ON CONFLICT ({target.keys}) DO NOTHING
        """).rowcount
        return inserted, 0, 0


def append_changes(conn: sa.Connection, table: sa.Table, data: pa.Table) -> Counts:
    """Observations that differ from the one before of the same entity, field and scope."""
    if not data.num_rows:
        return 0, 0, 0
    target = _target(conn, table)
    told = ", ".join(
        "CASE WHEN NOT is_first THEN greatest(previous_read_at, before_at) END" if name == "previous_read_at"
        else f"fresh.{quoted(name)}"
        for name in target.columns
    )  # fmt: skip
    with _staged(conn, incoming=_numbered(data)) as run:
        inserted = run(f"""
            WITH fresh AS (
                SELECT * FROM ({_first_of_each_key(target, "*")}) AS i
                WHERE NOT EXISTS (SELECT FROM {target.name} AS t WHERE {target.same_key("t", "i")})
            ),
            observed AS (
                SELECT entity_id, field, scope, observed_at, value, ordinal FROM fresh
                UNION ALL
                SELECT entity_id, field, scope, observed_at, value, NULL
                FROM {target.name} JOIN (SELECT DISTINCT entity_id, field FROM fresh) AS f USING (entity_id, field)
            ),
            compared AS (
                SELECT ordinal, value AS now, lag(value) OVER spell AS before, lag(observed_at) OVER spell AS before_at,
                    row_number() OVER spell = 1 AS is_first
                FROM observed WINDOW spell AS (PARTITION BY entity_id, field, scope ORDER BY observed_at)
            )
            INSERT INTO {target.name} ({target.all("")})
            SELECT {told} FROM fresh JOIN compared USING (ordinal)
            WHERE is_first OR compared.now IS DISTINCT FROM compared.before
        """).rowcount
        return inserted, 0, 0


def replace_all(conn: sa.Connection, table: sa.Table, data: pa.Table) -> Counts:
    """The table becomes ``data``; rows with the same content keep their stamp."""
    target = _target(conn, table)
    with _staged(conn, incoming=_numbered(data)) as run:
        run(f"""
            CREATE TEMP TABLE decided ON COMMIT DROP AS
            SELECT ordinal, is_stored FROM (
                SELECT DISTINCT ON ({target.keys}) * FROM incoming ORDER BY {target.keys}, ordinal DESC
            ) AS chosen
            LEFT JOIN (SELECT *, true AS is_stored FROM {target.name}) AS t ON {target.same_key("chosen", "t")}
            WHERE is_stored IS NULL OR {target.content("chosen")} IS DISTINCT FROM {target.content("t")}
        """)
        deleted = run(f"""
            DELETE FROM {target.name} AS t
            WHERE NOT EXISTS (SELECT FROM incoming WHERE {target.same_key("incoming", "t")})
        """).rowcount
        return (*_write_decided(run, target), deleted)


def put(conn: sa.Connection, table: sa.Table, data: pa.Table) -> None:
    """Insert or overwrite by key."""
    if data.num_rows:
        target = _target(conn, table)
        with _staged(conn, incoming=data) as run:
            run(target.insert(f"SELECT {target.all('')} FROM incoming"))


def find(conn: sa.Connection, table: sa.Table, keys: pa.Table) -> pa.Table:
    """Rows with the values of a row in ``keys``."""
    target, names = _target(conn, table), _names(keys.column_names)
    with _staged(conn, incoming=keys) as run:
        found = run(f"""
            SELECT {target.all("")} FROM {target.name} JOIN (SELECT DISTINCT {names} FROM incoming) AS i USING ({names})
        """)
        return to_arrow(found).cast(arrow_schema(table))


def remove(conn: sa.Connection, table: sa.Table, keys: pa.Table) -> None:
    """Delete rows with the values of a row in ``keys``."""
    if keys.num_rows:
        target, names = _target(conn, table), _names(keys.column_names)
        with _staged(conn, incoming=keys) as run:
            run(f"DELETE FROM {target.name} WHERE ({names}) IN (SELECT {names} FROM incoming)")


def _are_new(run: Run, target: _Target, also_absent: str = "SELECT WHERE false") -> bool:
    """Whether no key of ``incoming`` is stored or repeated, and ``also_absent`` finds nothing: nothing to decide."""
    (are_new,) = run(f"""
        SELECT NOT EXISTS (SELECT FROM incoming AS i JOIN {target.name} AS t ON {target.same_key("i", "t")})
            AND NOT EXISTS (SELECT FROM incoming GROUP BY {target.keys} HAVING count(*) > 1)
            AND NOT EXISTS ({also_absent})
    """).fetchone()
    return bool(are_new)


def _insert_all(run: Run, target: _Target) -> Counts:
    inserted = run(f"""
        INSERT INTO {target.name} ({target.all("")}) SELECT {target.all("")} FROM incoming ORDER BY ordinal
    """).rowcount
    return inserted, 0, 0


def _write_decided(run: Run, target: _Target) -> tuple[int, int]:
    """Write the rows of ``incoming`` that ``decided`` names by ordinal; how many were inserted, and overwritten."""
    updated = run("SELECT count(*) FILTER (WHERE is_stored) FROM decided").fetchone()[0]
    written = run(
        target.insert(f"SELECT {target.all('i')} FROM incoming AS i JOIN decided USING (ordinal) ORDER BY ordinal")
    ).rowcount
    return written - updated, updated


def _first_of_each_key(target: _Target, columns: str = "") -> str:
    return f"""
        SELECT DISTINCT ON ({target.keys}) {columns or target.all("")} FROM incoming
        ORDER BY {target.keys}, ordinal
    """


def _target(conn: sa.Connection, table: sa.Table) -> _Target:
    real = conn.get_execution_options().get("schema_translate_map", {})
    name = quoted(real.get(table.schema, str(table.schema)), table.name)
    return _Target(name, tuple(table.info["key"]), tuple(column.name for column in table.columns))


def _numbered(data: pa.Table) -> pa.Table:
    return data.append_column("ordinal", pa.array(np.arange(data.num_rows)))


@contextmanager
def _staged(conn: sa.Connection, **tables: pa.Table) -> Iterator[Run]:
    """Make the data readable under the names given, inside conn's transaction."""
    connection: Any = conn.connection.driver_connection
    for name, data in tables.items():
        columns = ", ".join(f"{quoted(field.name)} {sql_type(field.type)}" for field in data.schema)
        connection.execute(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP")
        copy_in(connection, name, data)
        connection.execute(f"ANALYZE {name}")
    yield connection.execute
    # Not when it failed: the transaction is over then, and its temporary tables with it.
    connection.execute("DROP TABLE IF EXISTS incoming, scopes, held, chosen, decided")


def _names(columns: Iterable[str], of: str = "") -> str:
    return ", ".join(quoted(of, column) if of else quoted(column) for column in columns)
