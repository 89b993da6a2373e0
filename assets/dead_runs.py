"""Frees what runs held that were killed: their place in the pool, which nobody else would give back.

Dagster keeps a step's place in a pool in its database. A run whose process is killed keeps it for ever, and every later
run waits in vain (the daemon's run monitoring does not know runs of ``dagster job execute``). So each run holds a file
lock while it lives. The operating system lets go of it with the process, which tells the dead from the living.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from assets import conventions


@contextmanager
def living(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """For the length of a run: be known as alive, after the places of dead runs were freed."""
    folder = Path(instance.storage_directory()) / "living_runs"
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"{run_id}.lock"
    with FileLock(mark, thread_local=False):
        for other in _in_pool(instance) - {run_id}:
            if _is_dead(folder / f"{other}.lock"):
                _bury(instance, other)
                (folder / f"{other}.lock").unlink(missing_ok=True)
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def _in_pool(instance: dg.DagsterInstance) -> set[str]:
    """Runs that hold a place in the pool of the warehouse, or wait for one."""
    if not instance.event_log_storage.supports_global_concurrency_limits:
        return set()
    pool = instance.event_log_storage.get_concurrency_info(conventions.WAREHOUSE_POOL)
    return {slot.run_id for slot in pool.claimed_slots} | {step.run_id for step in pool.pending_steps}


def _is_dead(mark: Path) -> bool:
    """It left a mark on this machine, and nobody holds it. No mark: a run elsewhere, of which we know nothing."""
    if not mark.exists():
        return False
    try:
        with FileLock(mark, timeout=0, thread_local=False):
            return True
    except Timeout:
        return False


def _bury(instance: dg.DagsterInstance, run_id: str) -> None:
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_failed(run, "The process of this run is gone; a later run found its place still taken.")
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)
