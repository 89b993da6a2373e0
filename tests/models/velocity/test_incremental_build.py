"""A warehouse built again after each change holds, row for row, what one built from nothing holds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from event_log import EventLog, at, insert
from small_databases import small_database
from test_sprint_invariants import CHOICES, INSTANTS, Story, tell

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import BuildReport, build
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Project

pytestmark = pytest.mark.slow

BOARDS = 4


@pytest.fixture
def connections() -> Iterator[list[sa.Connection]]:
    """Two empty databases: one that is kept, one for building from nothing."""
    engines = [small_database() for _ in range(2)]
    found = [engine.connect() for engine in engines]
    yield found
    for connection, engine in zip(found, engines, strict=True):
        connection.close()
        engine.dispose()


def world(seed: int) -> list[list[Story]]:
    random = Random(seed)
    return [
        [
            Story(random.choice([None, 1, 3]), "todo", (1,), tuple(sorted(
                (random.choice(INSTANTS), random.choice([*CHOICES, ("estimate", 5)])) for _ in range(6)
            )))
            for _ in range(3)
        ]
        for _ in range(BOARDS)
    ]  # fmt: skip


def log_of(boards: list[list[Story]], until: datetime) -> EventLog:
    """The company as a tracker told it at an instant."""
    log = EventLog()
    log.program("P", ["PAY"])
    for number, board in enumerate(boards):
        seen = [replace(story, steps=tuple(one for one in story.steps if one[0] <= until)) for story in board]
        tell(log, number, seen, "as told")
    return log


class Warehouse:
    """Core tables replaced by what is told now, and the models built on them."""

    def __init__(self, connection: sa.Connection, project: Project, wanted: list[str]) -> None:
        self.connection, self.project, self.wanted = connection, project, wanted
        self._is_empty = True

    def build(self, log: EventLog, as_of: datetime, metrics: Mapping[str, Any]) -> BuildReport:
        if self._is_empty:
            log.load(self.connection)
            self._is_empty = False
        else:
            for table, rows in log.rows().items():
                self.connection.exec_driver_sql(f'delete from core."{table}"')
                insert(self.connection, {table: rows})
        settings = MetricSettings.model_validate(metrics)
        return build(self.connection, self.project, as_of=as_of, settings=settings, select=self.wanted)

    def rows(self, name: str) -> list[str]:
        schema = self.project.models[name].schema
        return sorted(map(repr, self.connection.exec_driver_sql(f'select * from "{schema}"."{name}"')))


def empty(connection: sa.Connection) -> None:
    for schema in ("int", "mart", "core", "ops"):
        connection.exec_driver_sql(f"drop schema if exists {schema} cascade")


STAGES: list[tuple[str, str, dict[str, Any]]] = [
    ("03-12T03", "03-12T04", {}),
    ("03-12T03", "03-12T05", {}),  # nothing happened but time
    # a sprint has ended, and other settings count
    ("03-17", "03-17T01", {"sprint": {"rolling_k": 3, "close_grace_seconds": 0}}),
    ("04-10", "04-10", {}),
]
"""What was told until when, as_of, settings."""


@pytest.fixture(scope="module")
def wanted(project: Project) -> list[str]:
    return build_order(project, ["+velocity", "+dim_issue", "+dim_project", "+dim_program"])


def test_the_same_as_from_nothing(
    project: Project, wanted: list[str], connections: list[sa.Connection], examples: Callable[..., int]
) -> None:
    for seed in range(examples(1, nightly=20)):
        the_same_as_from_nothing(Warehouse(connections[0], project, wanted), connections[1], world(seed))


def the_same_as_from_nothing(kept: Warehouse, other: sa.Connection, boards: list[list[Story]]) -> None:
    project, wanted, reused = kept.project, kept.wanted, []
    empty(kept.connection)
    for until, as_of, metrics in STAGES:
        log = log_of(boards, at(until))
        report = kept.build(log, at(as_of), metrics)
        reused.append(sum(model.is_reused for model in report.models))
        empty(other)
        fresh = Warehouse(other, project, wanted)
        again = fresh.build(log, at(as_of), metrics)
        assert not any(model.is_reused for model in again.models)
        for name in wanted:
            assert kept.rows(name) == fresh.rows(name), (name, until, as_of)
    assert reused[0] == 0
    assert reused[1] > len(wanted) / 4, "what does not look at the clock is left alone"
    last = kept.build(log_of(boards, at("04-10")), at("04-10"), {})
    assert [model.name for model in last.models if not model.is_reused] == []


def test_time_alone_reaches_no_closed_sprint(
    project: Project, wanted: list[str], connections: list[sa.Connection]
) -> None:
    """Beside as_of itself, the rows of a closed sprint are the same a day later."""
    log = log_of(world(9), at("04-10"))
    kept = Warehouse(connections[0], project, wanted)
    columns = "* exclude (as_of)"
    found = []
    for as_of in (at("04-10"), at("04-10") + timedelta(days=1)):
        kept.build(log, as_of, {})
        found.append([
            sorted(map(repr, kept.connection.exec_driver_sql(f"select {columns} from mart.{name}")))
            for name in ("fct_sprint_issue", "mart_team_sprint_velocity", "mart_sprint_scope_change", "fct_sprint_team")
        ])  # fmt: skip
    assert found[0] == found[1]
