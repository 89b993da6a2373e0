"""What is published after a life of changes, syncs and crashes: the same as from landing alone, and as read afresh."""

import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from deadly_instants import Instants

from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.fact_load import load_facts
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.modeling.build import build
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.mutations.churn import change_some
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN, serve
from itpm_pipeline.warehouse.engine import open_warehouse

pytestmark = pytest.mark.slow

SECRETS = {
    "ITPM_DEMO_JIRA_EMAIL": JIRA_EMAIL, "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN, "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN,
}
READ_WHEN = frozenset({"synced_at", "observed_at", "last_read_at", "last_synced_at"})
"""Columns that tell when we read something: the only ones in which two readings of one state of a site differ."""

Tables = dict[str, list[dict[str, Any]]]


class Crash(BaseException):
    """The run dies here."""


def crash() -> None:
    raise Crash


def built(settings: Settings, as_of: datetime) -> None:
    with open_warehouse(settings.warehouse.url).transaction() as conn:
        load_facts(conn, settings, as_of)
        build(conn, load_project(), as_of=as_of, settings=settings.metrics)


def published(settings: Settings, as_of: datetime) -> Tables:
    """Every row of every model, built as of some time."""
    built(settings, as_of)
    with open_warehouse(settings.warehouse.url).reading() as conn:
        names = conn.execute(sa.text(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('int', 'mart') order by all"
        )).all()  # fmt: skip
        tables = [f'{schema}."{name}"' for schema, name in names]
        found = {table: conn.execute(sa.text(f"select * from {table}")) for table in tables}
        return {table: [dict(row) for row in rows.mappings()] for table, rows in found.items()}


def differing(one: Tables, other: Tables, *, without: frozenset[str] = frozenset()) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name, rows in one.items() if _comparable(rows, without) != _comparable(other[name], without)]


def _comparable(rows: list[dict[str, Any]], without: frozenset[str]) -> list[str]:
    return sorted(repr([(name, value) for name, value in row.items() if name not in without]) for row in rows)


def jira_alone(program: Path) -> Settings:
    """Settings without GitHub, most of whose planning has no history: a fresh sync would not know of it."""
    settings = load_settings(program, SECRETS)
    return settings.model_copy(update={"trackers": settings.trackers[:1]})


def live(running: Any, settings: Settings, choice: random.Random) -> None:
    """Changes, syncs that end and syncs that die, in any order; the last one ends."""
    for _ in range(4):
        change_some(running.jira_editor, running.github_editor, choice.choice([0.02, 0.2]), seed=choice.randrange(99))
        with Instants(choice.randrange(400), crash).installed():
            try:
                sync(settings, depth=choice.choice(list(Depth)))
            except Crash:
                continue
        if choice.random() < 0.5:
            built(settings, running.clock.now())  # so that the next build has only what changed since to do
    assert sync(settings).failed == []


def test_published_tables_are_those_of_a_rebuild_and_of_a_fresh_sync(tmp_path, examples):
    seed = random.randrange(2**32)
    choice = random.Random(seed)
    for number in range(examples(1, nightly=50)):
        folder = tmp_path / str(number)
        with serve(build_company(200), github_hourly_points=None) as running:
            program = write_program(running.company, folder / "lived", running.jira_url, running.github_url)
            settings = jira_alone(program)
            live(running, settings, choice)
            shutil.copytree(program.parent, folder / "fresh", ignore=shutil.ignore_patterns("data"))
            fresh = jira_alone(folder / "fresh" / program.name)
            assert sync(fresh).failed == []
            now = running.clock.now()
        as_of = now - choice.choice([timedelta(0), timedelta(days=choice.randrange(1, 200))])
        lived = published(settings, as_of)
        rebuild(settings)
        where = f"seed {seed}, life {number}, as of {as_of}"
        assert differing(published(settings, as_of), lived) == [], where
        assert differing(published(fresh, as_of), lived, without=READ_WHEN) == [], where
        shutil.rmtree(folder)
