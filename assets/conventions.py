"""Keys, groups, kinds, owners, tags, pools and wording of all assets: the one place where they are decided."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from itpm_pipeline.config import warehouse_scheme
from itpm_pipeline.modeling.build import BuiltColumn
from itpm_pipeline.modeling.lineage import Lineage
from itpm_pipeline.modeling.project import Model, Project

SOURCES, CORE, REPORTS = "sources", "core", "reports"
GROUPS: Mapping[str, str] = {
    SOURCES: "What the trackers sent, unchanged",
    CORE: "The canonical tables all metrics are computed from",
    "intermediate": "Reusable logic: histories, intervals, edges",
    "velocity": "How much teams plan and finish",
    "dependency": "Who waits for whom",
    "delivery": "How work flows, and when it will be done",
    "program": "Status, risk, cost and goals of programs",
    REPORTS: "What leaves the pipeline",
}
"""Every asset is in one of these groups."""

OWNERS: Mapping[str, str] = {
    SOURCES: "team:data-platform",
    CORE: "team:data-platform",
    "intermediate": "team:delivery-analytics",
    "velocity": "team:delivery-analytics",
    "dependency": "team:delivery-analytics",
    "delivery": "team:delivery-analytics",
    "program": "team:program-office",
    REPORTS: "team:program-office",
}
"""Who answers for a group, unless ``meta.owner`` of a model names somebody else."""

LANDING_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=3))
MART_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=4))
"""The hourly sync may miss a beat (warning); a day without any is a failure."""

ALL_PROJECTS = dg.AssetKey([SOURCES, "all_projects"])
PUBLISHED = dg.AssetKey([REPORTS, "published_warehouse"])
PROGRAM_REPORTS = dg.AssetKey([REPORTS, "program_reports"])
CHARTS = dg.AssetKey([REPORTS, "charts"])


def landing_key(kind: str, stream: str) -> dg.AssetKey:
    """Raw records of one stream of one kind of tracker."""
    return dg.AssetKey([kind, stream])


def table_key(schema: str, table: str) -> dg.AssetKey:
    """A table of the warehouse."""
    return dg.AssetKey([schema, table])


def model_key(model: Model) -> dg.AssetKey:
    """The table a model makes."""
    return table_key(model.schema, model.name)


def model_group(model: Model) -> str:
    """The group of a model: its folder, or what its yaml says."""
    return model.group if model.group in GROUPS else "program"


def warehouse_kind() -> str:
    """The kind of database of the warehouse, for its picture in the UI: as ITPM_WAREHOUSE_URL says, else DuckDB.

    Definitions are loaded without opening any file, so program.yaml is not asked.
    """
    return "postgres" if warehouse_scheme().startswith("postgres") else "duckdb"


def owners(group: str, owner: Any = None) -> list[str]:
    """Owner of an asset: a team of this list or, from yaml, an e-mail address or ``team:…``."""
    return [str(owner or OWNERS[group])]


def tags(layer: str, **more: str) -> dict[str, str]:
    """Tags that the UI filters by."""
    return {"layer": layer, **more}


def check_name(name: str) -> str:
    """A check's name as Dagster allows it."""
    return "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in name)


def column_schema(columns: Sequence[BuiltColumn], descriptions: Mapping[str, str]) -> dg.TableSchema:
    """Columns of a table with their types and meaning."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(column.name, column.type, description=descriptions.get(column.name) or None)
            for column in columns
        ]
    )


def column_lineage(lineage: Lineage) -> dg.TableColumnLineage:
    """Lineage as the UI draws it."""
    return dg.TableColumnLineage(
        deps_by_column={
            column: [dg.TableColumnDep(table_key(source.schema, source.table), source.column) for source in sources]
            for column, sources in lineage.items()
            if sources
        }
    )


def input_keys(model: Model, project: Project) -> list[dg.AssetKey]:
    """Assets a model reads."""
    return [
        *(model_key(project.model(name)) for name in model.declared.refs),
        *(table_key(schema, table) for schema, table in model.declared.sources),
    ]
