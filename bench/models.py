"""How building the models compares with only reading the tables they are built from."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from bench.measure import isolated
from bench.sandbox import Sandbox, settings_in
from bench.sync import prepared_sync
from bench.table import table
from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.config import Settings
from itpm_pipeline.ingest.fact_load import load_facts
from itpm_pipeline.modeling.build import BuildReport, build
from itpm_pipeline.modeling.project import Project, load_project
from itpm_pipeline.warehouse.engine import open_warehouse


@dataclass(frozen=True, slots=True)
class Family:
    """Models of one folder. ``floor``: seconds to read every column of the core tables they descend from, once."""

    name: str
    models: int
    rows: int
    seconds: float
    floor: float
    core_rows: int
    slowest: str


@dataclass(frozen=True, slots=True)
class ModelsBench:
    """All results for one size of company. ``seconds``: of the whole build, parameters and checks included."""

    issues: int
    families: list[Family]
    checks: int
    check_seconds: float
    seconds: float
    cpu: float
    floor: float
    peak_memory_mb: float

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries."""
        return asdict(self)

    def to_text(self) -> str:
        """As a table."""
        return families_table(
            f"Building the models on {self.issues:,} issues against reading the same core tables "
            f"(CPU {self.cpu:.2f} s, peak memory {self.peak_memory_mb:,.0f} MB)",
            self.families,
            [
                (f"checks ({self.checks})", None, None, None, self.check_seconds, None, None, ""),
                ("whole build", None, None, None, self.seconds, self.floor, _ratio(self.seconds, self.floor), ""),
            ],
        )


def families_table(title: str, families: Sequence[Family], more: Sequence[Sequence[object]] = ()) -> str:
    """One row a family, and the rows of sums under them."""
    rows: list[Sequence[object]] = [
        (one.name, one.models, one.rows, one.core_rows, one.seconds, one.floor, _ratio(one.seconds, one.floor),
         one.slowest)
        for one in families
    ]  # fmt: skip
    header = ("family", "models", "rows", "core rows", "seconds", "floor", "ratio", "slowest")
    return table(title, header, [*rows, *more])


@dataclass(frozen=True, slots=True)
class _Built:
    reports: list[BuildReport]
    reading: dict[str, float]
    rows: dict[str, int]


def bench_models(sandbox: Sandbox, latency: int, repeat: int, say: Callable[[str], None]) -> ModelsBench:
    """Measure; ``say`` is told what is being done."""
    with sandbox.workspace(latency) as workspace:
        say("one sync to build from …")
        isolated(prepared_sync, workspace)
        say(f"{repeat} builds and readings of core …")
        measured = isolated(prepared_build, workspace, repeat)
    built: _Built = measured.value
    project = load_project()
    by_family: defaultdict[str, list[str]] = defaultdict(list)
    for name, model in project.models.items():
        by_family["/".join(model.folder)].append(name)
    seconds = {
        name: median(one.seconds for report in built.reports for one in report.models if one.name == name)
        for name in project.models
    }
    rows = {one.name: one.rows for one in built.reports[0].models}
    families = [
        family_of(name, members, project, seconds, rows, built.reading, built.rows)
        for name, members in sorted(by_family.items())
    ]
    whole = median(report.seconds for report in built.reports)
    checks = median(report.seconds - sum(model.seconds for model in report.models) for report in built.reports)
    return ModelsBench(
        issues=built.rows["issue"],
        families=families,
        checks=len(built.reports[0].checks),
        check_seconds=checks,
        seconds=whole,
        cpu=measured.cpu / repeat,
        floor=sum(built.reading.values()),
        peak_memory_mb=measured.memory / 2**20,
    )


def prepared_build(workspace: Path, repeat: int) -> Callable[[], _Built]:
    """Builds in turn with readings of core, in one process and one connection at a time. Nothing is published."""
    settings = settings_in(workspace)
    project = load_project()
    tables = core_tables(project, project.models)

    def run() -> _Built:
        reports, readings = [], []
        warehouse = open_warehouse(settings.warehouse.url)
        with warehouse.hold():
            for _ in range(repeat):
                with warehouse.transaction() as connection:
                    reports.append(_build(connection, project, settings))
                with warehouse.reading() as connection:
                    readings.append({name: read_seconds(connection, name) for name in tables})
        reading = {name: median(one[name][0] for one in readings) for name in readings[0]}
        return _Built(reports, reading, {name: rows for name, (_, rows) in readings[0].items()})

    return run


def _build(connection: sa.Connection, project: Project, settings: Settings) -> BuildReport:
    as_of = settings.as_of_or(datetime.now(UTC))
    load_facts(connection, settings, as_of)
    return build(connection, project, as_of=as_of, settings=settings.metrics, anew=True)


def read_seconds(connection: sa.Connection, name: str) -> tuple[float, int]:
    """Seconds to scan and aggregate every column of a core table, and its rows."""
    declared = core_table(name)
    found = sa.table(name, *(sa.column(column.name) for column in declared.columns), schema="core")
    began = perf_counter()
    row = connection.execute(sa.select(sa.func.count(), *(sa.func.max(column) for column in found.columns))).one()
    return perf_counter() - began, int(row[0])


def family_of(
    name: str,
    members: Sequence[str],
    project: Project,
    seconds: Mapping[str, float],
    rows: Mapping[str, int],
    reading: Mapping[str, float],
    core_rows: Mapping[str, int],
) -> Family:
    """Some models together; ``seconds`` and ``rows`` by model, ``reading`` (seconds), ``core_rows`` by core table."""
    tables = core_tables(project, members)
    slowest = max(members, key=lambda model: seconds[model])
    return Family(
        name=name,
        models=len(members),
        rows=sum(rows[model] for model in members),
        seconds=sum(seconds[model] for model in members),
        floor=sum(reading[table] for table in tables),
        core_rows=sum(core_rows[table] for table in tables),
        slowest=f"{slowest} {seconds[slowest]:.2f} s",
    )


def core_tables(project: Project, models: Iterable[str]) -> list[str]:
    """Core tables that some models descend from."""
    waiting, seen, tables = list(models), set(), set()
    while waiting:
        model = project.model(waiting.pop())
        if model.name not in seen:
            seen.add(model.name)
            waiting += model.declared.refs
            tables |= {table for schema, table in model.declared.sources if schema == "core"}
    return sorted(tables)


def _ratio(seconds: float, floor: float) -> str:
    return f"{seconds / floor:.1f}"
