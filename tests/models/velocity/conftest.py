"""Builds no more than velocity needs: a tenth of a second for a hundred boards instead of all models there are."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from built_models import AS_OF, Build, Built
from event_log import EventLog

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import prepare
from itpm_pipeline.modeling.checks import require_passed, run_checks
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.modeling.render import IN_PLACE, render

WANTED = (
    "+velocity", "+dim_issue", "+dim_project", "+dim_program", "+mart_flow_metrics_daily", "+fct_issue_cycle_time",
)  # fmt: skip
"""Velocity, the dimensions its checks look into, and what tests compare it with."""


@pytest.fixture(scope="session")
def wanted(project: Project) -> list[str]:
    return build_order(project, WANTED)


@pytest.fixture(scope="session")
def script(project: Project, wanted: list[str]) -> str:
    models = [project.models[name] for name in wanted]
    return ";\n".join(
        f"create table {IN_PLACE.relation(model.schema, model.name)} as\n{render(model, project)}" for model in models
    )


@pytest.fixture(scope="module")
def build_models(project: Project, wanted: list[str], script: str) -> Iterator[Build]:
    """A function from an event log to its tables. Its databases close with the module."""
    engines: list[tuple[sa.Engine, sa.Connection]] = []

    def run(log: EventLog, *, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None) -> Built:
        engine = sa.create_engine("duckdb:///:memory:")
        connection = engine.connect()
        engines.append((engine, connection))
        log.load(connection)
        prepare(connection, as_of=as_of, settings=MetricSettings.model_validate(metrics or {}))
        connection.connection.driver_connection.execute(script)
        require_passed(run_checks(connection, project, wanted))
        return Built(connection)

    yield run
    for engine, connection in engines:
        connection.close()
        engine.dispose()
