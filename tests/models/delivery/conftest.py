"""Builds no more than a module of tests needs, and forecasts with as few trials as there may be."""

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
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.python_models import run_python_model
from itpm_pipeline.modeling.render import IN_PLACE, render

DIMENSIONS = ("+dim_issue", "+dim_project", "+dim_program", "+dim_team")
"""Checks look into them."""


def steps_to(project: Project, wanted: tuple[str, ...]) -> tuple[list[str], list[str | Model]]:
    """Names of the models, and how to build them: SQL rendered once, what stands between two Python models as one."""
    names = build_order(project, (*wanted, *DIMENSIONS))
    found: list[str | Model] = []
    for name in names:
        model = project.models[name]
        if model.language != "sql":
            found.append(model)
            continue
        statement = f"create table {IN_PLACE.relation(model.schema, name)} as\n{render(model, project)};\n"
        if found and isinstance(found[-1], str):
            found[-1] += statement
        else:
            found.append(statement)
    return names, found


@pytest.fixture(scope="module")
def build_models(project: Project, request: pytest.FixtureRequest) -> Iterator[Build]:
    """A function from an event log to the tables that the module names in ``WANTED``."""
    names, steps = steps_to(project, request.module.WANTED)
    engines: list[tuple[sa.Engine, sa.Connection]] = []

    def run(log: EventLog, *, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None) -> Built:
        engine = sa.create_engine("duckdb:///:memory:")
        connection = engine.connect()
        engines.append((engine, connection))
        log.load(connection)
        settings = {**(metrics or {})}
        settings["forecast"] = {"trials": 1000, **settings.get("forecast", {})}
        prepare(connection, as_of=as_of, settings=MetricSettings.model_validate(settings))
        for step in steps:
            if isinstance(step, str):
                connection.connection.driver_connection.execute(step)
            else:
                run_python_model(connection, step, project, IN_PLACE)
        require_passed(run_checks(connection, project, names))
        return Built(connection)

    yield run
    for engine, connection in engines:
        connection.close()
        engine.dispose()
