"""What brings schemas, tables, columns and comments of a database to what the metadata declares."""

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.schema import (
    CreateColumn,
    CreateIndex,
    CreateSchema,
    CreateTable,
    ExecutableDDLElement,
    SetColumnComment,
    SetTableComment,
)

from itpm_pipeline.canonical import schema as canonical
from itpm_pipeline.warehouse import ops

SCHEMAS = (canonical.CORE, "int", "mart", ops.OPS)

Catalog = Mapping[tuple[str, str], Mapping[str, str | None]]
"""(schema, table) to its columns with their comments; the table's own comment stands under the empty name."""


def declared_tables() -> list[sa.Table]:
    """All tables the library itself keeps (models create their own)."""
    return [*canonical.metadata.sorted_tables, *ops.metadata.sorted_tables, *ops.private.sorted_tables]


def statements(
    dialect: sa.Dialect,
    schemas: set[str],
    catalog: Catalog,
    *,
    names: Sequence[str] = SCHEMAS,
    tables: Sequence[sa.Table] = (),
) -> Iterator[str]:
    """SQL that creates what is missing and corrects changed comments; nothing is ever dropped.

    ``schemas`` and ``catalog`` tell what exists: databases are introspected by their own module, because the
    generic reflection of SQLAlchemy does not work on all of them. ``names`` and ``tables`` tell what is wanted, where
    a database has its own idea of the tables that are declared.
    """
    for ddl in _missing(dialect, schemas, catalog, names, tables or declared_tables()):
        yield ddl if isinstance(ddl, str) else str(ddl.compile(dialect=dialect))


def _missing(
    dialect: sa.Dialect, schemas: set[str], catalog: Catalog, names: Sequence[str], tables: Sequence[sa.Table]
) -> Iterator[ExecutableDDLElement | str]:
    for name in names:
        if name not in schemas:
            yield CreateSchema(name)
    for table in tables:
        existing = catalog.get((str(table.schema), table.name))
        if existing is None:
            yield CreateTable(table)
            yield from map(CreateIndex, table.indexes)
            existing = {column.name: None for column in table.columns}
        yield from _missing_of_columns(dialect, table, existing)
        if existing.get("") != table.comment:
            yield SetTableComment(table)


def _missing_of_columns(
    dialect: sa.Dialect, table: sa.Table, existing: Mapping[str, str | None]
) -> Iterator[ExecutableDDLElement | str]:
    for column in table.columns:
        if column.name not in existing:
            # A new column of a table with rows cannot be NOT NULL; keys are checks anyway.
            loose = sa.Column(column.name, column.type, nullable=True)
            declaration = CreateColumn(loose).compile(dialect=dialect)
            yield f"ALTER TABLE {dialect.identifier_preparer.format_table(table)} ADD COLUMN {declaration}"
        if existing.get(column.name) != column.comment:
            yield SetColumnComment(column)
