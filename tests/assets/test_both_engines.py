"""The real definitions on the simulated company, and its numbers on the other database."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from engine_comparison import FRESHNESS, comparable, different, tables_of

from assets import conventions
from assets.checks import check_groups
from assets.definitions import definitions
from assets.resources import Pipeline
from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.cli.dagster_process import prepare_home
from itpm_pipeline.cli.demo import SECRETS
from itpm_pipeline.config import load_settings
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import serve
from itpm_pipeline.warehouse.engine import open_published

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("company")]

PROJECT = load_project()
QUERY_PAGE = (Path(__file__).resolve().parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^### (\d+\. .+?)$.*?^```sql\n(.+?)^```", QUERY_PAGE, re.DOTALL | re.MULTILINE)


@dataclass
class Synced:
    folder: Path
    instance: dg.DagsterInstance
    result: dg.ExecuteInProcessResult
    projects: dict[str, set[str]]

    @property
    def warehouse(self) -> Path:
        return self.folder / "data" / "warehouse.duckdb"


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    """One run of the sync job on the small company."""
    folder = tmp_path_factory.mktemp("company")
    company = build_company("small")
    with pytest.MonkeyPatch.context() as patch, serve(company) as running, ExitStack() as kept:
        for name, value in {**SECRETS, "DAGSTER_HOME": str(prepare_home(folder / ".dagster"))}.items():
            patch.setenv(name, value)
        # Kept in files, as the project's own settings say, which is faster than Dagster's history in memory.
        instance = kept.enter_context(dg.DagsterInstance.get())
        config = write_program(company, folder, running.jira_url, running.github_url)
        defs = definitions(PROJECT, Pipeline(config=str(config)))
        assert defs.resolve_job_def("discover").execute_in_process(instance=instance).success
        projects = {
            tracker.kind: set(instance.get_dynamic_partitions(f"{tracker.kind}_projects"))
            for tracker in load_settings(config).trackers
        }
        result = defs.resolve_job_def("sync").execute_in_process(instance=instance, raise_on_error=False)
        yield Synced(folder, instance, result, projects)


def test_all_projects_are_read_built_and_published_in_one_run(synced):
    assert [event.message for event in synced.result.all_events if event.is_step_failure] == []
    assert synced.result.success
    assert synced.warehouse.is_file()
    for kind, projects in synced.projects.items():
        assert len(projects) > 3
        read = synced.instance.get_materialized_partitions(conventions.landing_key(kind, "issues"))
        assert set(read) == projects


def test_every_model_and_core_table_tells_its_rows_and_columns(synced):
    keys = [conventions.model_key(model) for model in PROJECT.models.values()]
    keys += [conventions.table_key("core", table.name) for table in metadata.sorted_tables]
    for key in keys:
        event = synced.instance.get_latest_materialization_event(key)
        assert event is not None, key
        found = event.asset_materialization.metadata
        assert found["dagster/row_count"].value >= 0
        assert found["dagster/column_schema"].value.columns
    wanted = conventions.table_key("mart", "mart_team_sprint_velocity")
    found = synced.instance.get_latest_materialization_event(wanted).asset_materialization.metadata
    assert found["dagster/row_count"].value > 50
    lineage = found["dagster/column_lineage"].value.deps_by_column
    assert {dep.asset_key.path[0] for deps in lineage.values() for dep in deps} <= {"int", "mart", "core", "ops"}
    assert len(lineage) > 20


def test_every_check_of_the_models_was_evaluated(synced):
    evaluated = {(e.asset_key, e.check_name) for e in synced.result.get_asset_check_evaluations()}
    declared = {
        (conventions.model_key(model), group.name) for model in PROJECT.models.values() for group in check_groups(model)
    }
    assert len(declared) > 200
    assert declared <= evaluated


@pytest.fixture(scope="module")
def warehouses(synced, postgres_server) -> tuple[str, str]:
    """Addresses of the DuckDB file, and of a PostgreSQL database that the sync job filled from the same landing."""
    files = load_settings(synced.folder / "program.yaml", SECRETS)
    address = postgres_server.url(postgres_server.new_database())
    instance = synced.instance
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**SECRETS, "ITPM_WAREHOUSE_URL": address}.items():
            patch.setenv(name, value)
        defs = definitions(PROJECT, Pipeline(config=str(synced.folder / "program.yaml")))
        assert defs.resolve_job_def("sync").execute_in_process(instance=instance).success
        found = instance.get_latest_materialization_event(conventions.PUBLISHED).asset_materialization.metadata
    assert found["place"].value.startswith("postgresql")
    return files.warehouse.url, address


@pytest.mark.parametrize(("question", "query"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_questions_have_the_same_plausible_answers(warehouses, question, query):
    answers = []
    for address in warehouses:
        with open_published(address) as published:
            answers.append(published.query(query))
    first, second = ([[comparable(value) for value in row.values()] for row in one.to_pylist()] for one in answers)
    assert first == second
    assert first, question
    for name in answers[0].column_names:
        values = [value for value in answers[0].column(name).to_pylist() if value is not None]
        assert values, f"{question}: nothing in {name}"
        for value in values:
            assert is_plausible(name, value), f"{question}: {name} is {value}"


def is_plausible(name: str, value: Any) -> bool:
    """Counts and times are not negative, shares are shares, days are near, and nobody sees an identifier."""
    if isinstance(value, datetime | date):
        return date(2025, 1, 1) <= (value.date() if isinstance(value, datetime) else value) <= date(2029, 1, 1)
    if isinstance(value, int | float | Decimal):
        return 0 <= value <= (200 if name.startswith("percent") else 10_000)
    return bool(value.strip()) and not re.match(r"(jira|github|program):", value)


def test_there_are_a_dozen_questions():
    assert [question.split(".")[0] for question, _ in QUESTIONS] == [str(number) for number in range(1, 14)]


def test_the_sync_job_leaves_the_same_tables_on_postgresql(warehouses):
    """Loaded from the same landing store, read on, built and published: row for row the same, by value."""
    names = tables_of(PROJECT)
    with open_published(warehouses[0]) as duckdb, open_published(warehouses[1]) as postgresql:
        assert different(duckdb, postgresql, names, FRESHNESS) == []
    assert len(names) > 120
