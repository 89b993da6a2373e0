"""Dagster in subprocesses: a failure is one line with its cause, and nothing stays behind."""

import os
import socket
from pathlib import Path

import pytest

from itpm_pipeline.cli.dagster_process import Jobs, Ui, environment, prepare_home
from itpm_pipeline.errors import ItpmError, UsageError


def test_secrets_and_places_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITPM_WAREHOUSE_URL", "duckdb:////somewhere/else.duckdb")
    found = environment(tmp_path, tmp_path / "program.yaml", {"TOKEN": "x"}, without=("ITPM_WAREHOUSE_URL",))
    assert found["TOKEN"] == "x"
    assert found["DAGSTER_HOME"] == str(tmp_path)
    assert found["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    assert "ITPM_WAREHOUSE_URL" not in found


def test_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot use port {port}: .*; choose another one: --port N"):
            Ui({"DAGSTER_HOME": str(tmp_path)}, port)


@pytest.mark.slow
@pytest.mark.xdist_group("cli")
def test_failing_job_says_why_in_one_line(tmp_path: Path) -> None:
    log = tmp_path / "jobs.log"
    steps: list[str] = []
    with Jobs(environment(prepare_home(tmp_path / "home"), tmp_path / "nowhere.yaml", {}), log) as jobs:
        with pytest.raises(ItpmError) as caught:
            jobs.execute(["discover", "sync"], steps.append)
        process = jobs._process.pid
    text = str(caught.value)
    assert text.startswith(f"discover: find_projects: cannot read {tmp_path}/nowhere.yaml: No such file or directory")
    assert text.endswith(f"(log: {log})")
    assert len(text.splitlines()) == 1
    assert "STEP_FAILURE" in log.read_text(encoding="utf-8")
    assert steps == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process, 0)


@pytest.mark.slow
@pytest.mark.xdist_group("cli")
def test_process_that_ends_before_its_work(tmp_path: Path) -> None:
    variables = environment(tmp_path / "no" / "home", tmp_path / "program.yaml", {})
    with Jobs(variables, tmp_path / "jobs.log") as jobs:  # noqa: SIM117
        with pytest.raises(ItpmError, match=r"^Dagster ended with exit code 1 \(log: .*jobs\.log\)$"):
            jobs.execute(["discover"], lambda _: None)
