"""Places in the pool that killed runs left taken."""

from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from assets.conventions import WAREHOUSE_POOL
from assets.dead_runs import living


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    """One with files, as pools are not kept in memory."""
    made = dg.DagsterInstance.local_temp(
        str(tmp_path), overrides={"concurrency": {"pools": {"granularity": "op", "default_limit": 1}}}
    )
    made.event_log_storage.initialize_concurrency_limit_to_default(WAREHOUSE_POOL)
    return made


def claim(instance: dg.DagsterInstance, run_id: str) -> bool:
    return instance.event_log_storage.claim_concurrency_slot(WAREHOUSE_POOL, run_id, "step").is_claimed


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


def test_the_place_of_a_killed_run_is_freed_and_the_run_told_failed(instance):
    run = start_run(instance)
    assert claim(instance, run.run_id)
    mark(instance, run.run_id).touch()
    with living(instance, "next"):
        assert claim(instance, "next")
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert list(mark(instance, "x").parent.iterdir()) == []


def test_the_place_of_a_living_run_stays(instance):
    run = start_run(instance)
    assert claim(instance, run.run_id)
    with FileLock(mark(instance, run.run_id)), living(instance, "next"):
        assert not claim(instance, "next")
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert not found.is_finished


def test_the_place_of_a_run_on_another_machine_stays(instance):
    assert claim(instance, "elsewhere")
    with living(instance, "next"):
        assert not claim(instance, "next")
