"""Secrets stay in memory: no output, landed record, warehouse, report or Dagster history has them, all going well."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from command_line import EMAIL, GITHUB_TOKEN, JIRA_TOKEN, Place
from odd_secrets import PASSWORDS, basic, contents, leaks

from itpm_pipeline.cli.dagster_process import PROJECT, prepare_home

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

WEBHOOK = f"http://127.0.0.1:9/{PASSWORDS[0]}"
MAIL_PASSWORD = PASSWORDS[1]
SECRETS = (JIRA_TOKEN, GITHUB_TOKEN, basic(EMAIL, JIRA_TOKEN), PASSWORDS[0], MAIL_PASSWORD)
NOTIFICATIONS = """
notifications:
  webhook: ${HOOK}
  email: {server: 127.0.0.1, port: 9, user: itpm, password: "${MAIL}", sender: i@a.example, to: [p@a.example]}
"""


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
    found = leaks(contents(tmp_path), SECRETS)
    assert "log.txt" in found
    assert "w.duckdb: main.t" in found


def test_no_secret_is_left_anywhere(built: Place, tmp_path: Path) -> None:
    place = built.copy(tmp_path)
    place.config.write_text(place.config.read_text(encoding="utf-8") + NOTIFICATIONS, encoding="utf-8")
    known = {"HOOK": WEBHOOK, "MAIL": MAIL_PASSWORD}
    answers = [
        place.run("sync", "--json", **known), place.run("report", **known), dagster_job(place, "discover", **known),
    ]  # fmt: skip
    assert [answer.returncode for answer in answers] == [0, 0, 0]
    outputs = ((str(answer.args[1:]), answer.stdout + answer.stderr) for answer in answers)
    assert leaks(outputs, SECRETS) == []
    assert leaks(contents(place.folder), SECRETS) == []
