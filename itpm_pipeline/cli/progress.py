"""Progress for people: bars at a terminal, plain lines elsewhere, always on stderr."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from itpm_pipeline.ingest.progress import Progress as Progressing


class Bars:
    """A bar per piece of work under way; pieces that are over disappear."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def started(self, total: int | None, what: str) -> None:
        """A piece of work begins."""
        with self._lock:
            self._tasks[what] = self._progress.add_task(what, total=total)

    def advanced(self, what: str, steps: int = 1) -> None:
        """It is so many steps further."""
        with self._lock:
            if what in self._tasks:
                self._progress.advance(self._tasks[what], steps)

    def finished(self, what: str) -> None:
        """It is over."""
        with self._lock:
            if what in self._tasks:
                self._progress.remove_task(self._tasks.pop(what))


class Lines:
    """A line when a piece of work ends, unless it was a single step: for log files."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps: dict[str, int] = {}
        self._lock = threading.Lock()

    def started(self, total: int | None, what: str) -> None:
        """A piece of work begins."""
        with self._lock:
            if total != 1:
                self._steps[what] = 0

    def advanced(self, what: str, steps: int = 1) -> None:
        """It is so many steps further."""
        with self._lock:
            if what in self._steps:
                self._steps[what] += steps

    def finished(self, what: str) -> None:
        """It is over."""
        with self._lock:
            if what not in self._steps:
                return
            steps = self._steps.pop(what)
            self._console.print(f"{what}: {steps:,}" if steps else what, highlight=False, markup=False)


@contextmanager
def progress_bars() -> Iterator[Progressing]:
    """Bars that are gone when the work is done; plain lines where stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress)
