"""Brings schemas, tables, columns and comments of a database to what the metadata declares."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateSchema, CreateTable, SetColumnComment, SetTableComment

from itpm_pipeline.canonical import schema as canonical
from itpm_pipeline.warehouse import ops

SCHEMAS = (canonical.CORE, "int", "mart", ops.OPS)

Catalog = Mapping[tuple[str, str], Mapping[str, str | None]]
"""(schema, table) to its columns with their comments; the table's own comment stands under the empty name."""


def declared_tables() -> list[sa.Table]:
    """All tables the library itself keeps (models create their own)."""
    return [*canonical.metadata.sorted_tables, *ops.metadata.sorted_tables, *ops.private.sorted_tables]


def bring_up(
    conn: sa.Connection,
    schemas: set[str],
    catalog: Catalog,
    *,
    names: Sequence[str] = SCHEMAS,
    tables: Sequence[sa.Table] = (),
) -> None:
    """Create what is missing and correct changed comments; nothing is ever dropped.

    ``schemas`` and ``catalog`` tell what exists: databases are introspected by their own module, because the
    generic reflection of SQLAlchemy does not work on all of them. ``names`` and ``tables`` tell what is wanted, where
    a database has its own idea of the tables that are declared.
    """
    for name in names:
        if name not in schemas:
            conn.execute(CreateSchema(name))
    for table in tables or declared_tables():
        existing = catalog.get((str(table.schema), table.name))
        if existing is None:
            conn.execute(CreateTable(table))
            for index in table.indexes:
                conn.execute(CreateIndex(index))
            existing = {column.name: None for column in table.columns}
        _bring_up_columns(conn, table, existing)
        if existing.get("") != table.comment:
            conn.execute(SetTableComment(table))


def _bring_up_columns(conn: sa.Connection, table: sa.Table, existing: Mapping[str, str | None]) -> None:
    preparer = conn.dialect.identifier_preparer
    for column in table.columns:
        if column.name not in existing:
            # A new column of a table with rows cannot be NOT NULL; keys are checks anyway.
            loose = sa.Column(column.name, column.type, nullable=True)
            declaration = CreateColumn(loose).compile(dialect=conn.dialect)
            conn.exec_driver_sql(f"ALTER TABLE {preparer.format_table(table)} ADD COLUMN {declaration}")
        if existing.get(column.name) != column.comment:
            conn.execute(SetColumnComment(column))
