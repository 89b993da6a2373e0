"""Makes the published schemas equal to the working ones, row by row, in the transaction of the caller.

Rows are changed in place instead of putting new tables in the place of the old: the server then shows every reader
either all of the old version or all of the new one, whatever isolation level the reader uses, and nobody waits.
Swapping schemas by name does not do that: a query of two tables may find one of either version (1 of 20,000 did, with
swaps all the time), a transaction at repeatable read finds the new tables empty, and views that people have made stay
with the old tables. Only where the columns of a table change (with a new release) do readers of that table wait.
"""
# ruff: noqa: S608 - SQL is put together from names in the database's catalogue only

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.postgresql.tables import LOOKED_UP_BY, WORKING, quoted

PRIVATE = {(WORKING[str(table.schema)], str(table.name)) for table in ops.private.sorted_tables}
"""Working tables that readers have no use for."""

_MANY = 0.1
"""Share of changed rows from which the planner should look at a table anew."""


@dataclass(slots=True)
class _Shape:
    """A table as it is: columns with their types, primary key, comments by column (under "": the table's own)."""

    columns: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    comments: dict[str, str | None] = field(default_factory=dict)


def publish(conn: sa.Connection) -> None:
    """Bring all published tables to the state of the working ones; tables that are gone there go here, too.

    WarehouseError when something that people built on a table forbids to change its columns.
    """
    there = set(conn.scalars(sa.text("SELECT nspname FROM pg_namespace")))
    for schema in WORKING:
        if schema not in there:
            conn.exec_driver_sql(f"CREATE SCHEMA {quoted(schema)}")
    wanted = {name: shape for name, shape in _shapes(conn, WORKING.values()).items() if name not in PRIVATE}
    shown = _shapes(conn, WORKING)
    real = {(schema, table): (w, table) for schema, w in WORKING.items() for found, table in wanted if found == w}
    for schema, table in shown.keys() - real.keys():
        _alter(conn, schema, table, f"DROP TABLE {quoted(schema, table)}")
    # Those whose columns change come last, as their readers wait from then on.
    for name, source in sorted(real.items(), key=lambda pair: _changes(shown.get(pair[0]), wanted[pair[1]])):
        _mirror(conn, name, source, shown.get(name), wanted[source])


def published_bytes(conn: sa.Connection) -> int:
    """Size of the published tables with their indexes."""
    size = conn.execute(
        sa.text("""
            SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname = ANY(:schemas)
        """),
        {"schemas": list(WORKING)},
    ).scalar_one()
    return int(size)


def _changes(shown: _Shape | None, wanted: _Shape) -> bool:
    return shown is not None and shown.columns != wanted.columns


def _mirror(
    conn: sa.Connection, name: tuple[str, str], source: tuple[str, str], shown: _Shape | None, wanted: _Shape
) -> None:
    target, origin = quoted(*name), quoted(*source)
    if shown is None:
        conn.exec_driver_sql(f"CREATE TABLE {target} (LIKE {origin} INCLUDING ALL) WITH (vacuum_truncate = false)")
        shown = _Shape(wanted.columns, wanted.key, {**wanted.comments, "": None})
        _insert_all(conn, target, origin, wanted)
        _index(conn, name, wanted)
        changed = True
    else:
        _change_columns(conn, name, shown, wanted)
        update = _update_by_key if wanted.key and wanted.key == shown.key else _update_by_content
        changed = update(conn, target, origin, wanted)
    _comment(conn, target, shown, wanted)
    if changed:
        conn.exec_driver_sql(f"ANALYZE {target}")


def _change_columns(conn: sa.Connection, name: tuple[str, str], shown: _Shape, wanted: _Shape) -> None:
    for column in shown.columns:
        if wanted.columns.get(column) != shown.columns[column]:
            _alter(conn, *name, f"ALTER TABLE {quoted(*name)} DROP COLUMN {quoted(column)}")
    for column, kind in wanted.columns.items():
        if shown.columns.get(column) != kind:
            _alter(conn, *name, f"ALTER TABLE {quoted(*name)} ADD COLUMN {quoted(column)} {kind}")
            shown.comments[column] = None


def _alter(conn: sa.Connection, schema: str, table: str, statement: str) -> None:
    try:
        conn.exec_driver_sql(statement)
    except sa.exc.InternalError as error:
        raise _held_back(schema, table, error) from error
    except sa.exc.OperationalError:
        raise
    except sa.exc.DBAPIError as error:
        raise _held_back(schema, table, error) from error


def _held_back(schema: str, table: str, error: sa.exc.DBAPIError) -> WarehouseError:
    diagnostics = getattr(error.orig, "diag", None)
    detail = " ".join(str((diagnostics and diagnostics.message_detail) or error.orig).split())
    return WarehouseError(
        f"cannot publish {schema}.{table}, whose columns changed: {detail}. Drop what depends on it, build again, and "
        "make it anew; until then readers keep the last version"
    )


def _insert_all(conn: sa.Connection, target: str, origin: str, wanted: _Shape) -> None:
    columns = _list(wanted.columns)
    conn.exec_driver_sql(f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {origin}")


def _index(conn: sa.Connection, name: tuple[str, str], wanted: _Shape) -> None:
    if name[0] in ("core", "mart"):
        for column in LOOKED_UP_BY:
            if column in wanted.columns and wanted.key[:1] != (column,):
                conn.exec_driver_sql(f"CREATE INDEX ON {quoted(*name)} ({quoted(column)})")


def _update_by_key(conn: sa.Connection, target: str, origin: str, wanted: _Shape) -> bool:
    keys, columns = _list(wanted.key), _list(wanted.columns)
    same = " AND ".join(f"o.{quoted(key)} = t.{quoted(key)}" for key in wanted.key)
    rest = [quoted(column) for column in wanted.columns if column not in wanted.key]
    update = f"UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in rest)}" if rest else "NOTHING"
    deleted = conn.exec_driver_sql(
        f"DELETE FROM {target} AS t WHERE NOT EXISTS (SELECT FROM {origin} AS o WHERE {same})"
    )
    written = conn.exec_driver_sql(
        f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {origin} AS o WHERE NOT EXISTS ("
        f"SELECT FROM {target} AS t WHERE {same} AND ROW({_list(wanted.columns, 't')}) IS NOT DISTINCT FROM "
        f"ROW({_list(wanted.columns, 'o')})) ON CONFLICT ({keys}) DO {update}"
    )
    return bool(deleted.rowcount + written.rowcount)


def _update_by_content(conn: sa.Connection, target: str, origin: str, wanted: _Shape) -> bool:
    """Tables without a key: rows are the same when their hashes are; of rows told several times, as many stay."""
    columns = _list(wanted.columns)
    shown, made = (
        "SELECT place, content, row_number() OVER (PARTITION BY content ORDER BY place) AS nth FROM ("
        f"SELECT ctid AS place, hash_record_extended(ROW({columns}), 0) AS content FROM {relation}) AS hashed"
        for relation in (target, origin)
    )
    changed = conn.exec_driver_sql(
        "CREATE TEMP TABLE changed ON COMMIT DROP AS SELECT shown.place AS gone, made.place AS fresh "
        f"FROM ({shown}) AS shown FULL JOIN ({made}) AS made USING (content, nth) "
        "WHERE shown.place IS NULL OR made.place IS NULL"
    ).rowcount
    if changed:
        conn.exec_driver_sql(f"DELETE FROM {target} AS t USING changed AS c WHERE t.ctid = c.gone")
        conn.exec_driver_sql(
            f"INSERT INTO {target} ({columns}) "
            f"SELECT {columns} FROM {origin} AS o JOIN changed AS c ON o.ctid = c.fresh"
        )
    conn.exec_driver_sql("DROP TABLE changed")
    return bool(changed)


def _comment(conn: sa.Connection, target: str, shown: _Shape, wanted: _Shape) -> None:
    for column, comment in wanted.comments.items():
        if shown.comments.get(column) != comment:
            what = f"COLUMN {target}.{quoted(column)}" if column else f"TABLE {target}"
            text = "NULL" if comment is None else "'" + comment.replace("'", "''") + "'"
            conn.exec_driver_sql(f"COMMENT ON {what} IS {text}", execution_options={"no_parameters": True})


def _shapes(conn: sa.Connection, schemas: Iterable[str]) -> dict[tuple[str, str], _Shape]:
    found: dict[tuple[str, str], _Shape] = {}
    for schema, table, column, kind, place, comment in conn.execute(
        sa.text("""
            SELECT n.nspname, c.relname, a.attname, a.kind, array_position(i.indkey::int[], a.attnum::int),
                d.description
            FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN LATERAL (
                SELECT 0 AS attnum, NULL AS attname, NULL AS kind
                UNION ALL
                SELECT a.attnum, a.attname, format_type(a.atttypid, a.atttypmod)
                    || coalesce(' COLLATE ' || quote_ident(l.collname), '')
                FROM pg_attribute AS a
                LEFT JOIN pg_collation AS l ON l.oid = a.attcollation AND l.collname <> 'default'
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            ) AS a ON true
            LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
            LEFT JOIN pg_description AS d
                ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
            WHERE c.relkind = 'r' AND n.nspname = ANY(:schemas)
            ORDER BY n.nspname, c.relname, a.attnum
        """),
        {"schemas": list(schemas)},
    ):
        shape = found.setdefault((schema, table), _Shape())
        shape.comments[column or ""] = comment
        if column:
            shape.columns[column] = kind
            if place is not None:
                shape.key = tuple(sorted((*shape.key, column)))
    return found


def _list(columns: Iterable[str], of: str = "") -> str:
    return ", ".join(quoted(of, column) if of else quoted(column) for column in columns)
