"""Puts the facts of program.yaml and its CSV files into the core schema."""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import arrow_schema, core_table, metadata
from itpm_pipeline.canonical.shape import Merge
from itpm_pipeline.config import Settings
from itpm_pipeline.ingest.facts import IssueTraits, KnownProject, fact_files, fact_rows
from itpm_pipeline.warehouse.load import MergeCounts, merge

_ORIGIN = "config"


def load_facts(connection: sa.Connection, settings: Settings, as_of: datetime) -> dict[str, MergeCounts]:
    """Replace all tables that belong to the configuration; unchanged rows stay as they are.

    ``as_of`` sets the range of calendar days and stamps new rows. Raises ConfigurationError for a bad file or rule.
    """
    has_rules = any(program.issue_rules for program in settings.programs)
    issues = list(_issue_traits(connection)) if has_rules else []
    rows = fact_rows(settings, _known_projects(connection), issues, as_of.date()).tables
    files = fact_files(settings.facts)
    counts = {}
    for table in metadata.sorted_tables:
        if table.info["merge"] is Merge.FACTS:
            found = files[table.name].to_pylist() if table.name in files else rows.get(table.name, [])
            counts[table.name] = merge(connection, table, _stamped(table, found, as_of))
    return counts


def _known_projects(connection: sa.Connection) -> list[KnownProject]:
    project = core_table("project")
    ref = project.c.instance + ":" + project.c.project_key
    found = connection.execute(sa.select(ref, project.c.project_id).order_by(ref))
    return [KnownProject(ref, project_id) for ref, project_id in found]


def _issue_traits(connection: sa.Connection) -> Iterator[IssueTraits]:
    issue = core_table("issue")
    parent = issue.alias("parent")
    grandparent = issue.alias("grandparent")
    query = (
        sa.select(
            issue.c.issue_id, issue.c.issue_key, issue.c.labels, issue.c.components,
            sa.case(
                (parent.c.hierarchy_level == 1, parent.c.issue_key),
                (grandparent.c.hierarchy_level == 1, grandparent.c.issue_key),
            ),
        )
        .outerjoin(parent, parent.c.issue_id == issue.c.parent_issue_id)
        .outerjoin(grandparent, grandparent.c.issue_id == parent.c.parent_issue_id)
        .order_by(issue.c.issue_id)
    )
    for issue_id, key, labels, components, epic in connection.execute(query):
        yield IssueTraits(issue_id, key, _list(labels), _list(components), epic)


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(orjson.loads(text)) if text else ()


def _stamped(table: sa.Table, rows: list[dict[str, Any]], as_of: datetime) -> pa.Table:
    stamped = [
        {
            **row, "source": _ORIGIN, "instance": _ORIGIN, "synced_at": as_of,
            "_raw_hash": sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest(),
        }
        for row in rows
    ]
    return pa.Table.from_pylist(stamped, schema=arrow_schema(table))
