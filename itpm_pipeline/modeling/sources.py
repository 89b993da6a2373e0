"""Writes ``sources.yml``, which tells dbt (and readers) the tables that models may read.

Generated from the schema, so that nobody edits a column twice: ``python -m itpm_pipeline.modeling.sources`` after a
change of the schema; a test fails while file and schema differ.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from itpm_pipeline.canonical.schema import metadata as core
from itpm_pipeline.warehouse.ops import metadata as ops

HEADER = "# Generated from canonical/schema.py and warehouse/ops.py by: python -m itpm_pipeline.modeling.sources\n"
DESCRIPTIONS = {
    "core": "Canonical tables: what the trackers and program.yaml say, in one schema (METRICS.md section 1).",
    "ops": "What the pipeline knows of its own runs, and the settings of the build.",
}


def source_tables() -> list[sa.Table]:
    """All tables that a model may read with source(), in the order of their declaration."""
    return [*core.tables.values(), *ops.tables.values()]


def sources_document(tables: Iterable[sa.Table]) -> str:
    """The text of sources.yml."""
    sources: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        columns = [{"name": str(column.name), "description": column.comment or ""} for column in table.columns]
        entry = {"name": str(table.name), "description": table.comment or "", "columns": columns}
        sources.setdefault(str(table.schema), []).append(entry)
    document = {
        "version": 2,
        "sources": [
            {"name": schema, "schema": schema, "description": DESCRIPTIONS[schema], "tables": entries}
            for schema, entries in sources.items()
        ],
    }
    return HEADER + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    folder = Path(__file__).resolve().parents[2] / "dbt_like_sql"
    (folder / "sources.yml").write_text(sources_document(source_tables()), encoding="utf-8")
