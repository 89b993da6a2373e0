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
from itpm_pipeline.modeling.project import Model, Project, load_project
from itpm_pipeline.modeling.python_models import run_python_model
from itpm_pipeline.modeling.render import IN_PLACE, render


@pytest.fixture(scope="session")
def project() -> Project:
    return load_project(Path(__file__).resolve().parents[2] / "dbt_like_sql")


@pytest.fixture(scope="session")
def wanted(project: Project) -> list[str]:
    """The models to build, in order; a folder of tests that needs few of them says which."""
    return build_order(project)


@pytest.fixture(scope="session")
def steps(project: Project, wanted: list[str]) -> list[str | Model]:
    """The models, SQL rendered once: templates, comments and column lists cost more than these small tables.

    What stands between two Python models is one script.
    """
    found: list[str | Model] = []
    for name in wanted:
        model = project.models[name]
        if model.language != "sql":
            found.append(model)
            continue
        statement = f"create table {IN_PLACE.relation(model.schema, name)} as\n{render(model, project)};\n"
        if found and isinstance(found[-1], str):
            found[-1] += statement
        else:
            found.append(statement)
    return found


@pytest.fixture(scope="module")
def build_models(project: Project, wanted: list[str], steps: list[str | Model]) -> Iterator[Build]:
    """A function from an event log to its tables. Its databases close with the module."""
    engines: list[tuple[sa.Engine, sa.Connection]] = []

    def run(log: EventLog, *, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None) -> Built:
        engine = sa.create_engine("duckdb:///:memory:")
        connection = engine.connect()
        engines.append((engine, connection))
        log.load(connection)
        prepare(connection, as_of=as_of, settings=MetricSettings.model_validate(metrics or {}))
        for step in steps:
            if isinstance(step, str):
                connection.connection.driver_connection.execute(step)
            else:
                run_python_model(connection, step, project, IN_PLACE)
        require_passed(run_checks(connection, project, wanted))
        return Built(connection)

    yield run
    for engine, connection in engines:
        connection.close()
        engine.dispose()
