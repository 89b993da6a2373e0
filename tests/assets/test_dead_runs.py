"""Runs whose process was killed, found by the next one."""

from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from assets.dead_runs import living


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.local_temp(str(tmp_path))


def mark(instance: dg.DagsterInstance, run_id: str) -> Path:
    folder = Path(instance.storage_directory()) / "living_runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{run_id}.lock"


def start_run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def job() -> None:
        nothing()

    run = instance.create_run_for_job(job)
    instance.report_engine_event("started", run)
    return run


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def test_a_killed_run_is_told_failed(instance):
    run = start_run(instance)
    mark(instance, run.run_id).touch()
    with living(instance, "next"):
        assert status(instance, run) is dg.DagsterRunStatus.FAILURE
        assert [path.stem for path in mark(instance, "x").parent.iterdir()] == ["next"]
    assert list(mark(instance, "x").parent.iterdir()) == []


def test_a_living_run_stays(instance):
    run = start_run(instance)
    with FileLock(mark(instance, run.run_id)), living(instance, "next"):
        pass
    assert status(instance, run) is dg.DagsterRunStatus.NOT_STARTED
    assert mark(instance, run.run_id).exists()


def test_a_run_on_another_machine_stays(instance):
    run = start_run(instance)
    with living(instance, "next"):
        pass
    assert status(instance, run) is dg.DagsterRunStatus.NOT_STARTED


def test_what_is_left_of_a_run_that_ended_goes_away(instance):
    run = start_run(instance)
    instance.report_run_failed(run)
    mark(instance, run.run_id).touch()
    mark(instance, "of a run that was deleted").touch()
    with living(instance, "next"):
        pass
    assert status(instance, run) is dg.DagsterRunStatus.FAILURE
    assert list(mark(instance, "x").parent.iterdir()) == []
