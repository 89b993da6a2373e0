"""Real dbt runs ``dbt_like_sql`` unchanged, tests included, and every table comes out as ours does.

dbt has demands of its own on libraries, so it lives in an environment of its own: ``.venv-dbt`` beside ``.venv``, with
``dbt-core<1.12``, ``dbt-duckdb``, the DuckDB of the lock file, numpy, pandas, pyarrow, networkx and pydantic.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from event_log import EventLog, at
from sqlalchemy.schema import CreateTable

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import build
from itpm_pipeline.modeling.project import FOLDER, load_project
from itpm_pipeline.modeling.render import IN_PLACE
from itpm_pipeline.modeling.reuse import content_of
from itpm_pipeline.warehouse import ops

ROOT = Path(__file__).resolve().parents[2]
DBT = ROOT / ".venv-dbt" / "bin" / "dbt"
AS_OF = at("2026-04-06T08")
PROJECT = load_project()

pytestmark = [
    pytest.mark.slow, pytest.mark.e2e,
    pytest.mark.skipif(not DBT.exists(), reason="needs dbt in .venv-dbt (dbt-core<1.12, dbt-duckdb)"),
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


@pytest.fixture
def warehouses(tmp_path: Path) -> Iterator[dict[str, sa.Engine]]:
    """The same core, settings and empty logs twice: one for dbt, one for us."""
    engines = {name: sa.create_engine(f"duckdb:///{tmp_path / name}.duckdb") for name in ("dbt", "ours")}
    for name, engine in engines.items():
        with engine.begin() as connection:
            company().load(connection)
            for table in ops.metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            # Without models: dbt builds them; with all of them: we do.
            build(connection, PROJECT, as_of=AS_OF, settings=MetricSettings(), select=[] if name == "dbt" else None)
    yield engines
    for engine in engines.values():
        engine.dispose()


def test_dbt_builds_the_same_tables(warehouses: dict[str, sa.Engine], tmp_path: Path) -> None:
    database = tmp_path / "dbt.duckdb"
    warehouses["dbt"].dispose()  # one process at a time
    target = {"type": "duckdb", "path": str(database), "threads": 1, "settings": {"TimeZone": "UTC"}}
    profile = {"itpm_pipeline": {"target": "test", "outputs": {"test": target}}}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile))
    done = subprocess.run(
        [DBT, "--no-use-colors", "build", "--project-dir", FOLDER, "--profiles-dir", tmp_path,
         "--target-path", tmp_path / "target", "--log-path", tmp_path / "logs"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "TZ": "UTC",
             "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    differing = {}
    with warehouses["dbt"].connect() as by_dbt, warehouses["ours"].connect() as by_us:
        for connection in (by_dbt, by_us):
            connection.exec_driver_sql("set timezone = 'UTC'")
        for name, model in PROJECT.models.items():
            theirs, ours = (content_of(one, IN_PLACE, model.schema, name)[0] for one in (by_dbt, by_us))
            if theirs != ours:
                found = [one.exec_driver_sql(f"select * from {model.schema}.{name}") for one in (by_dbt, by_us)]
                differing[name] = [sorted(map(repr, rows)) for rows in found]
    assert differing == {}
