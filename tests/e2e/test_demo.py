"""``make demo``: works in a fresh folder, says what it found and where to look, and can be run again."""

import base64
import re

import dagster as dg
import pytest
from demo_folder import ITPM, Demo, processes_of, run

from itpm_pipeline.cli.demo import SECRETS

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

COMMAND = re.compile(r"^  (ITPM_CONFIG=\S+ \S*itpm sql \\\n +\"[^\"]+\")$", re.MULTILINE)


def test_takes_little_time(demo: Demo) -> None:
    # Half a minute on an idle machine with two cores; the limit is for machines that do other work, too.
    assert demo.seconds < 180


def test_shows_the_programs(demo: Demo) -> None:
    rows = [line.split("  ")[0] for line in demo.output.splitlines()]
    assert "Programs as of 2026-11-16 08:00 UTC" in demo.output
    for name in ("Payments modernisation", "Customer portal", "Data platform"):
        (line,) = [line for line in demo.output.splitlines() if line.startswith(f"{name} ")]
        assert re.search(r" (red|amber|green) +\d+ +\d+ +\d+ +\d+ +\d+% ", line), line
    assert rows.index("Programs as of 2026-11-16 08:00 UTC") == 0


def test_says_where_to_look(demo: Demo) -> None:
    warehouse = demo.folder / "data" / "warehouse.duckdb"
    assert f"Warehouse: {warehouse}\n" in demo.output
    assert warehouse.is_file()
    assert "make ui" in demo.output


def test_its_queries_run_as_printed(demo: Demo) -> None:
    commands = COMMAND.findall(demo.output)
    assert len(commands) == 3
    for command in commands:
        answer = run("sh", "-c", f"{command} --format csv")
        assert answer.returncode == 0, answer.stderr
        header, *rows = answer.stdout.splitlines()
        assert len(rows) >= 4, command
        cells = [row.split(",") for row in rows]
        assert all(any(row[number] for row in cells) for number in range(len(header.split(",")))), "an empty column"


def test_its_runs_are_in_the_history(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(demo.home))
    with dg.DagsterInstance.from_config(str(demo.home)) as instance:
        runs = {run.job_name: run.status for run in instance.get_runs()}
    assert runs == {"discover": dg.DagsterRunStatus.SUCCESS, "sync": dg.DagsterRunStatus.SUCCESS}


def test_leaves_no_process_and_no_secret(demo: Demo) -> None:
    assert processes_of(demo.home) == []
    email, *tokens = SECRETS.values()
    secrets = [*tokens, *(base64.b64encode(f"{email}:{token}".encode()).decode() for token in tokens)]
    files = [path for path in demo.folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)] == []


def test_can_be_run_again(demo: Demo) -> None:
    query = "select count(*) as issues, max(last_synced_at) as at from core.issue, mart.mart_program_status"
    before = run(ITPM, "sql", query, "-f", "json", ITPM_CONFIG=str(demo.folder / "program.yaml")).stdout
    addresses = re.findall(r"http://\S+", (demo.folder / "program.yaml").read_text(encoding="utf-8"))
    answer = run(ITPM, "demo", "--folder", demo.folder)
    assert answer.returncode == 0, answer.stderr
    again = re.findall(r"http://\S+", (demo.folder / "program.yaml").read_text(encoding="utf-8"))
    assert len(addresses) == len(again) == 2
    after = run(ITPM, "sql", query, "-f", "json", ITPM_CONFIG=str(demo.folder / "program.yaml")).stdout
    assert re.search(r'"issues": \d+', before)[0] == re.search(r'"issues": \d+', after)[0]  # type: ignore[index]
    assert before != after
    table = [line for line in demo.output.splitlines() if "%" in line]
    assert table
    assert [line for line in answer.stdout.splitlines() if "%" in line] == table


def test_two_companies_do_not_share_a_folder(demo: Demo) -> None:
    answer = run(ITPM, "demo", "--size", "medium", "--folder", demo.folder)
    assert answer.returncode == 2
    assert answer.stderr == f"itpm: {demo.folder} holds the small company already; name another folder with --folder\n"
