"""The tables of the warehouse as PostgreSQL has them: schemas, keys, collation, indexes; and what is there already."""

from collections import defaultdict

import sqlalchemy as sa

from itpm_pipeline.canonical.shape import Merge
from itpm_pipeline.warehouse import ddl

WORKING = {name: f"working_{name}" for name in ddl.SCHEMAS}
"""Schemas that the pipeline works in, by the name that readers know. Readers have no right to these."""

BYTES = "C"
"""Text is compared byte by byte, as DuckDB does; else the order of names, and so some metrics, would depend on the
language the server speaks."""

LOOKED_UP_BY = (
    "program_id", "project_id", "project_ref", "team_id", "board_id", "sprint_id", "issue_id", "issue_key",
    "assignee_person_id", "person_id", "version_id", "release_id",
)  # fmt: skip
"""Columns by which people pick rows: published tables have an index on each of these they have."""


def working_tables() -> list[sa.Table]:
    """All tables the library itself keeps, in their working schemas."""
    metadata = sa.MetaData()
    return [_shaped(table, metadata) for table in ddl.declared_tables()]


def _shaped(table: sa.Table, metadata: sa.MetaData) -> sa.Table:
    columns = [
        sa.Column(
            column.name, sa.Text(collation=BYTES) if isinstance(column.type, sa.Text) else column.type,
            nullable=column.nullable, comment=column.comment,
        )
        for column in table.columns
    ]  # fmt: skip
    shaped = sa.Table(
        table.name, metadata, *columns, sa.PrimaryKeyConstraint(*table.info["key"]),
        schema=WORKING[str(table.schema)], comment=table.comment,
    )  # fmt: skip
    if table.info.get("merge") is Merge.REPLACE and table.info["key"][0] != table.info["replace_by"]:
        # Each merge looks up the rows of its scopes; where the scope comes first in the key, that serves.
        sa.Index(None, shaped.c[table.info["replace_by"]])
    return shaped


def catalog(conn: sa.Connection) -> tuple[set[str], ddl.Catalog]:
    """Schemas, and tables with their columns' comments; the table's own comment stands under the empty name."""
    schemas = set(conn.scalars(sa.text("SELECT nspname FROM pg_namespace")))
    found: dict[tuple[str, str], dict[str, str | None]] = defaultdict(dict)
    for schema, table, column, comment in conn.execute(
        sa.text("""
            SELECT n.nspname, c.relname, coalesce(a.attname, ''), d.description
            FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN LATERAL (
                SELECT 0 AS attnum, NULL AS attname
                UNION ALL
                SELECT attnum, attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
            ) AS a ON true
            LEFT JOIN pg_description AS d
                ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
            WHERE c.relkind = 'r' AND n.nspname = ANY(:schemas)
        """),
        {"schemas": list(WORKING.values())},
    ):
        found[schema, table][column] = comment
    return schemas, dict(found)


def quoted(*names: str) -> str:
    """A qualified name, safe in a statement."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
