"""Builds the real models over an event log in an in-memory DuckDB."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
import sqlalchemy as sa

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import BuildReport, build
from itpm_pipeline.modeling.project import Project, load_project
from event_log import EventLog

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)


@dataclass
class Built:
    """Tables as built, and the report of the build."""

    connection: sa.Connection
    report: BuildReport

    def rows(self, table: str, where: str = "true") -> list[dict[str, Any]]:
        """Rows of a table such as ``mart.dim_team``."""
        found = self.connection.exec_driver_sql(f"select * from {table} where {where}")
        return [dict(row._mapping) for row in found]

    def one(self, table: str, where: str) -> dict[str, Any]:
        """The only row that satisfies the condition."""
        (row,) = self.rows(table, where)
        return row


class Build(Protocol):
    """Builds models; blocking checks must pass."""

    def __call__(
        self, log: EventLog, *, select: str | None = None, as_of: datetime = AS_OF,
        metrics: Mapping[str, Any] | None = None,
    ) -> Built: ...


@pytest.fixture(scope="session")
def project() -> Project:
    """The real models, without their descriptions: a thousand comments take longer than the tables."""
    described = load_project(Path(__file__).resolve().parents[2] / "dbt_like_sql")
    models = {name: replace(model, description="", columns=()) for name, model in described.models.items()}
    return Project(models, described.sources)


@pytest.fixture(scope="module")
def build_models(project: Project) -> Iterator[Build]:
    """A function from an event log to its tables. Its databases close with the module."""
    open_engines: list[tuple[sa.Engine, sa.Connection]] = []

    def run(
        log: EventLog, *, select: str | None = None, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None
    ) -> Built:
        engine = sa.create_engine("duckdb:///:memory:")
        connection = engine.connect()
        open_engines.append((engine, connection))
        log.load(connection)
        settings = MetricSettings.model_validate(metrics or {})
        report = build(connection, project, as_of=as_of, settings=settings, select=select)
        report.require_passed()
        return Built(connection, report)

    yield run
    for engine, connection in open_engines:
        connection.close()
        engine.dispose()
