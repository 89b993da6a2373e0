"""``python -m assets``: executes the jobs named on standard input, one a line, in one process.

Their runs are in the history of DAGSTER_HOME as those of ``dagster job execute``, but Dagster and the definitions are
loaded once, and can be loaded while the caller still prepares what the jobs will read. The log goes to standard error.
On standard output ``ready`` says that names may come; the first job that fails is told there in one line
(``failed: job: why``), and ends the process with exit code 1.
"""

import gc
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

import dagster as dg

from assets.definitions import defs
from itpm_pipeline.ingest.garbage import rare_collections

_TYPE_NAME = re.compile(r"^[A-Za-z_][\w.]*: ")
"""What Dagster puts before the message of an error."""


def execute(names: Iterable[str], instance: dg.DagsterInstance) -> str | None:
    """Execute jobs one after the other; returns why the first one that failed did so, in one line."""
    for name in names:
        result = defs.resolve_job_def(name).execute_in_process(instance=instance, raise_on_error=False)
        if not result.success:
            return f"{name}: {'; '.join(_causes(result.all_events)) or 'the run failed before its first step'}"
    return None


def _causes(events: Iterable[dg.DagsterEvent]) -> Iterator[str]:
    """Why steps failed: the innermost error of each."""
    for event in events:
        if not event.is_step_failure:
            continue
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        message = _TYPE_NAME.sub("", error.message) if error is not None else "unknown"
        yield f"{event.step_key}: {' '.join(message.split())}"


def _names(lines: TextIO) -> Iterator[str]:
    for line in lines:
        yield line.strip()


def main() -> int:
    """0 when all jobs succeeded."""
    gc.freeze()  # full collections would walk all definitions while the jobs run
    with dg.DagsterInstance.get() as instance, rare_collections():
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        failure = execute(_names(sys.stdin), instance)
    if failure is not None:
        sys.stdout.write(f"failed: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
