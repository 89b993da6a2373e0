"""Whether two published warehouses hold the same rows, whichever databases they are."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.warehouse.engine import Published

FRESHNESS = frozenset({"last_read_at", "last_synced_at"})
"""Columns of models that tell when a tracker was asked last, whether or not anything had changed."""


def tables_of(project: Project) -> list[str]:
    """Every table of core, and that of every model."""
    models = [f"{project.models[name].schema}.{name}" for name in build_order(project)]
    return [f"core.{table.name}" for table in metadata.sorted_tables] + models


def different(
    one: Published, other: Published, names: Iterable[str], without: Collection[str] = frozenset()
) -> list[str]:
    """Names of tables whose rows or columns differ; the columns ``without`` are not compared."""
    return [name for name in names if rows(one, name, without) != rows(other, name, without)]


def rows(published: Published, name: str, without: Collection[str] = frozenset()) -> list[tuple[str, ...]]:
    """Column names, then all rows in an order of their own, numbers to nine digits."""
    table = published.query(f"select * from {name}")
    table = table.drop_columns([column for column in table.column_names if column in without])
    return [tuple(table.column_names), *sorted(tuple(map(comparable, row.values())) for row in table.to_pylist())]


def comparable(value: Any) -> str:
    """A value in the same words, whatever type a database has for it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{float(value) + 0:.9g}"  # DuckDB tells zeros with a sign
    return str(value)
