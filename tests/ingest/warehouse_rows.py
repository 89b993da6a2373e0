"""Looks into a warehouse."""

from collections.abc import Sequence

import sqlalchemy as sa

from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.config import Settings
from itpm_pipeline.warehouse.engine import open_warehouse


def core_rows(
    settings: Settings, *, without: tuple[str, ...] = (), tables: Sequence[sa.Table] = metadata.sorted_tables
) -> dict[str, list[tuple]]:
    """All rows of all core tables that have any, in key order."""
    found = {}
    with open_warehouse(settings.warehouse.url).reading() as conn:
        for table in tables:
            columns = [column for column in table.columns if column.name not in without]
            rows = conn.execute(sa.select(*columns).order_by(*(table.c[key] for key in table.info["key"])))
            if rows := [tuple(row) for row in rows]:
                found[table.name] = rows
    return found


def rows_of(settings: Settings, sql: str) -> list[tuple]:
    with open_warehouse(settings.warehouse.url).reading() as conn:
        return [tuple(row) for row in conn.execute(sa.text(sql))]
