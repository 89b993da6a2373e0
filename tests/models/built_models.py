"""Builds the real models over an event log in an in-memory DuckDB."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa
from event_log import EventLog
from small_databases import small_database

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import prepare
from itpm_pipeline.modeling.checks import require_passed, run_checks
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Model, load_project
from itpm_pipeline.modeling.python_models import run_python_model
from itpm_pipeline.modeling.render import IN_PLACE, render

PROJECT = load_project()
FEW_TRIALS = 1_000
"""Of simulations whose outcome a test does not look at closely."""
AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)


@dataclass
class Built:
    """Tables as built."""

    connection: sa.Connection

    def rows(self, table: str, where: str = "true") -> list[dict[str, Any]]:
        """Rows of a table such as ``mart.dim_team``."""
        found = self.connection.exec_driver_sql(f"select * from {table} where {where}")
        return [dict(row._mapping) for row in found]

    def one(self, table: str, where: str) -> dict[str, Any]:
        """The only row that satisfies the condition."""
        (row,) = self.rows(table, where)
        return row


class Build(Protocol):
    """Builds all models; blocking checks must pass."""

    def __call__(
        self, log: EventLog, *, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None
    ) -> Built: ...


@cache
def _steps(names: tuple[str, ...]) -> list[str | Model]:
    """The models, SQL rendered once: templates, comments and column lists cost more than these small tables.

    What stands between two Python models is one script.
    """
    found: list[str | Model] = []
    for name in names:
        model = PROJECT.models[name]
        if model.language != "sql":
            found.append(model)
            continue
        statement = f"create table {IN_PLACE.relation(model.schema, name)} as\n{render(model, PROJECT)};\n"
        if found and isinstance(found[-1], str):
            found[-1] += statement
        else:
            found.append(statement)
    return found


@contextmanager
def building(*wanted: str) -> Iterator[Build]:
    """A function from an event log to the tables of the wanted models (all, if none is named); see ``build_order``."""
    names = build_order(PROJECT, wanted) if wanted else build_order(PROJECT)
    steps = _steps(tuple(names))
    engines: list[tuple[sa.Engine, sa.Connection]] = []

    def run(log: EventLog, *, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None) -> Built:
        engine = small_database()
        connection = engine.connect()
        engines.append((engine, connection))
        log.load(connection)
        settings = dict(metrics or {})
        settings["forecast"] = {"trials": FEW_TRIALS, **settings.get("forecast", {})}
        prepare(connection, as_of=as_of, settings=MetricSettings.model_validate(settings))
        for step in steps:
            if isinstance(step, str):
                connection.connection.driver_connection.execute(step)
            else:
                run_python_model(connection, step, PROJECT, IN_PLACE)
        require_passed(run_checks(connection, PROJECT, names))
        return Built(connection)

    yield run
    for engine, connection in engines:
        connection.close()
        engine.dispose()
