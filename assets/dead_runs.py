"""Tells of runs that were killed that they failed, which nobody else would do.

Dagster shows a run whose process was killed as running for ever, and counts it among those that may run at once (the
daemon's run monitoring does not know runs in processes of this machine). So each run holds a file lock while it lives.
The operating system lets go of it with the process, which tells the dead from the living.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout


@contextmanager
def living(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """For the length of a run: be known as alive, after dead runs were told failed."""
    folder = Path(instance.storage_directory()) / "living_runs"
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"{run_id}.lock"
    with FileLock(mark, thread_local=False):
        for other in folder.glob("*.lock"):
            if other != mark and _is_dead(other):
                _bury(instance, other.stem)
                other.unlink(missing_ok=True)
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def _is_dead(mark: Path) -> bool:
    """Nobody holds its mark. A run on another machine has its mark there."""
    try:
        with FileLock(mark, timeout=0, thread_local=False):
            return True
    except Timeout:
        return False


def _bury(instance: dg.DagsterInstance, run_id: str) -> None:
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_failed(run, "The process of this run is gone; a later run found it so.")
