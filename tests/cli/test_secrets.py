"""Secrets stay in memory: no output, landed record, warehouse or Dagster history has them, whether runs fail or not."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from command_line import EMAIL, GITHUB_TOKEN, JIRA_TOKEN, Place

from itpm_pipeline.cli.dagster_process import PROJECT, prepare_home

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

WRONG_TOKEN = "wr0ng+jira/t0ken=="
ODD = (
    JIRA_TOKEN,
    GITHUB_TOKEN,
    WRONG_TOKEN,
    *(base64.b64encode(f"{EMAIL}:{token}".encode()).decode() for token in (JIRA_TOKEN, WRONG_TOKEN)),
)


def contents(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder as text; compressed formats are read as what they hold."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(folder))
        yield name, path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            yield f"rows of {name}", str(pq.read_table(path).to_pylist())
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                for schema, table in connection.execute(
                    "select table_schema, table_name from information_schema.tables"
                ).fetchall():
                    rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
                    yield f"{name}: {schema}.{table}", str(rows)


def leaks(places: Iterator[tuple[str, str]]) -> list[str]:
    """Where a secret stands; the secret itself does not belong in a test's log either."""
    return [name for name, text in places if any(secret in text for secret in ODD)]


def dagster_job(place: Place, name: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Execute a job as ``itpm demo`` does."""
    home = prepare_home(place.folder / ".dagster")
    environment = place.environment({"DAGSTER_HOME": str(home), "ITPM_CONFIG": str(place.config), **changes})
    return subprocess.run(
        [sys.executable, "-m", "assets"], cwd=PROJECT, env=environment, input=f"{name}\n", text=True,
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip


def test_finder_finds(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(f"token {GITHUB_TOKEN}", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create table t as select ? as x", [JIRA_TOKEN])
    found = leaks(contents(tmp_path))
    assert "log.txt" in found
    assert "w.duckdb: main.t" in found


def test_no_secret_is_left_anywhere(built: Place, tmp_path: Path) -> None:
    place = built.copy(tmp_path)
    answers = [
        place.run("check"),
        place.run("sync", "--json"),
        place.run("check", ITPM_DEMO_JIRA_TOKEN=WRONG_TOKEN),
        place.run("sync", ITPM_DEMO_JIRA_TOKEN=WRONG_TOKEN),
    ]
    assert [answer.returncode for answer in answers] == [0, 0, 2, 1]
    runs = [dagster_job(place, "discover"), dagster_job(place, "discover", ITPM_DEMO_JIRA_TOKEN=WRONG_TOKEN)]
    assert [run.returncode for run in runs] == [0, 1]
    assert "failed: discover: find_projects: No list of projects from acme-jira: " in runs[1].stdout
    outputs = ((str(answer.args[1:]), answer.stdout + answer.stderr) for answer in [*answers, *runs])
    assert leaks(outputs) == []
    assert leaks(contents(place.folder)) == []
