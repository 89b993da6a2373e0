"""Real dbt runs ``dbt_like_sql`` unchanged, tests included; every table comes out as ours does; its docs are complete.

dbt lives in an environment of its own, ``.venv-dbt`` beside ``.venv``, which ``make dbt`` sets up.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from event_log import EventLog, at
from sqlalchemy.schema import CreateTable

from itpm_pipeline.canonical.schema import metadata as core
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import build
from itpm_pipeline.modeling.content import content_of
from itpm_pipeline.modeling.project import FOLDER, load_project
from itpm_pipeline.modeling.render import IN_PLACE
from itpm_pipeline.warehouse import ops

ROOT = Path(__file__).resolve().parents[2]
DBT = ROOT / ".venv-dbt" / "bin" / "dbt"
AS_OF = at("2026-04-06T08")
PROJECT = load_project()

pytestmark = [
    pytest.mark.slow, pytest.mark.e2e, pytest.mark.xdist_group("dbt"),
    pytest.mark.skipif(not DBT.exists(), reason="needs dbt in .venv-dbt: make dbt"),
]  # fmt: skip


def company() -> EventLog:
    """Two sprints of a team with all that can happen to an issue in one, and what hangs together."""
    log = EventLog()
    log.program("P", ["PAY"])
    board = log.board("Alpha")
    one = log.sprint("1", at("03-02T09"), at("03-16T09"), board)
    two = log.sprint("2", at("03-16T09"), at("03-30T09"), board)
    log.issue("PAY-1", 5, sprints=[one]).estimate("03-04", 8).move("03-05", "doing").move("03-06", "done")
    log.issue("PAY-2", 3, sprints=[one]).leave("03-09", one)
    log.issue("PAY-3", 2).join("03-04T12", one).move("03-11", "done", "Won't Do")
    log.issue("PAY-4", 13).join("03-04T12", one).leave("03-06T12", one).join("03-16T09", two).move("03-20", "doing")
    blocked = log.issue("PAY-5", None, sprints=[one]).join("03-17", two).set("flagged", "03-18", "Impediment")
    blocker = log.issue("PAY-6", 1, due_date=None).move("03-20", "doing")
    log.add("issue_link", seen_from_id=blocked.issue_id, link_ref="1", blocker_issue_id=blocker.issue_id,
            blocked_issue_id=blocked.issue_id, edge_type="blocks", provenance="jira_link", confidence=1.0)
    return log


@dataclass
class Folder:
    """Where dbt works: its database, profile, and what it writes."""

    path: Path

    def dbt(self, *order: str) -> str:
        """Run dbt over the folder of models; what it said."""
        done = subprocess.run(
            [DBT, "--no-use-colors", *order, "--project-dir", FOLDER, "--profiles-dir", self.path,
             "--target-path", self.path / "target", "--log-path", self.path / "logs"],
            env={"PATH": os.environ["PATH"], "HOME": str(self.path), "PYTHONPATH": str(ROOT), "TZ": "UTC",
                 "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            cwd=self.path, capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
        return done.stdout

    def written(self, name: str) -> Any:
        """A JSON file that dbt wrote."""
        return json.loads((self.path / "target" / name).read_text(encoding="utf-8"))


def engine(database: Path, *, builds: bool) -> sa.Engine:
    """The same core, settings and empty logs for each; with or without all of our models built."""
    made = sa.create_engine(f"duckdb:///{database}")
    with made.begin() as connection:
        company().load(connection)
        for table in ops.metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
        build(connection, PROJECT, as_of=AS_OF, settings=MetricSettings(), select=None if builds else [])
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A folder in which dbt has built everything, once for all tests here."""
    folder = Folder(tmp_path_factory.mktemp("dbt"))
    database = folder.path / "dbt.duckdb"
    engine(database, builds=False).dispose()
    target = {"type": "duckdb", "path": str(database), "threads": 1, "settings": {"TimeZone": "UTC"}}
    profile = {"itpm_pipeline": {"target": "test", "outputs": {"test": target}}}
    (folder.path / "profiles.yml").write_text(yaml.safe_dump(profile))
    said = folder.dbt("build")
    assert re.search(r"PASS=\d+ WARN=0 ERROR=0 SKIP=0", said), said[-500:]
    return folder


@pytest.fixture
def warehouses(built: Folder, tmp_path: Path) -> Iterator[tuple[sa.Connection, sa.Connection]]:
    """What dbt built, and what we build of the same."""
    by_dbt = sa.create_engine(f"duckdb:///{built.path}/dbt.duckdb")
    by_us = engine(tmp_path / "ours.duckdb", builds=True)
    with by_dbt.connect() as theirs, by_us.connect() as ours:
        for connection in (theirs, ours):
            connection.exec_driver_sql("set timezone = 'UTC'")
        yield theirs, ours
    by_dbt.dispose()
    by_us.dispose()


def test_dbt_builds_the_same_tables(warehouses: tuple[sa.Connection, sa.Connection]) -> None:
    differing = {}
    for name, model in PROJECT.models.items():
        theirs, ours = (content_of(one, IN_PLACE.relation(model.schema, name)) for one in warehouses)
        if theirs != ours:
            found = [one.exec_driver_sql(f"select * from {model.schema}.{name}") for one in warehouses]
            differing[name] = [sorted(map(repr, rows)) for rows in found]
    assert differing == {}


def test_dbt_documents_every_model_source_column_test_and_use(built: Folder) -> None:
    built.dbt("docs", "generate", "--no-compile")
    assert (built.path / "target" / "index.html").is_file()
    manifest, catalog = built.written("manifest.json"), built.written("catalog.json")
    assert {node["metadata"]["name"] for node in catalog["nodes"].values()} == set(PROJECT.models)
    tables = {table.name for schema in (core, ops.metadata) for table in schema.sorted_tables}
    assert {source["metadata"]["name"] for source in catalog["sources"].values()} <= tables
    assert {source["name"] for source in manifest["sources"].values()} <= tables
    read = {source for model in PROJECT.models.values() for source in model.declared.sources}
    assert read <= {(one["source_name"], one["name"]) for one in manifest["sources"].values()}
    told = {**manifest["nodes"], **manifest["sources"]}
    for key, found in {**catalog["nodes"], **catalog["sources"]}.items():
        described = told[key]["columns"]
        assert told[key]["description"], key
        assert [name for name in found["columns"] if not described.get(name, {}).get("description")] == [], key
    checks = sum(node["resource_type"] == "test" for node in manifest["nodes"].values())
    assert checks == sum(len(model.checks) for model in PROJECT.models.values())
    assert {one["name"] for one in manifest["exposures"].values()} == {"dagster_ui", "program_report", "sql_questions"}
    assert all(one["depends_on"]["nodes"] and one["description"] for one in manifest["exposures"].values())
