"""Builds the real models over an event log in an in-memory DuckDB."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from built_models import AS_OF, Build, Built
from event_log import EventLog

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import prepare
from itpm_pipeline.modeling.checks import require_passed, run_checks
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Project, load_project
from itpm_pipeline.modeling.render import Schemas, render


@pytest.fixture(scope="session")
def project() -> Project:
    return load_project(Path(__file__).resolve().parents[2] / "dbt_like_sql")


@pytest.fixture(scope="session")
def script(project: Project) -> str:
    """All models in order, rendered once: templates, comments and column lists cost more than these small tables."""
    models = [project.models[name] for name in build_order(project)]
    return ";\n".join(
        f"create table {Schemas().relation(model.schema, model.name)} as\n{render(model, project)}" for model in models
    )


@pytest.fixture(scope="module")
def build_models(project: Project, script: str) -> Iterator[Build]:
    """A function from an event log to its tables. Its databases close with the module."""
    engines: list[tuple[sa.Engine, sa.Connection]] = []

    def run(log: EventLog, *, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None) -> Built:
        engine = sa.create_engine("duckdb:///:memory:")
        connection = engine.connect()
        engines.append((engine, connection))
        log.load(connection)
        prepare(connection, as_of=as_of, settings=MetricSettings.model_validate(metrics or {}))
        connection.connection.driver_connection.execute(script)
        require_passed(run_checks(connection, project))
        return Built(connection)

    yield run
    for engine, connection in engines:
        connection.close()
        engine.dispose()
