"""Progress for people: a bar at a terminal, plain lines elsewhere, always on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Bar:
    """One line of progress; thread-safe. ``total`` None: how much there is to do is not known."""

    def __init__(self, console: Console, progress: Progress | None) -> None:
        self._console = console
        self._progress = progress
        self._task = progress.add_task("", total=None) if progress else None
        self._said = ""

    def started(self, total: int | None, what: str) -> None:
        """A new piece of work of ``total`` steps begins."""
        if self._progress is not None and self._task is not None:
            self._progress.reset(self._task, total=total, description=what)
        else:
            self._say(what)

    def advanced(self, what: str = "", steps: int = 1) -> None:
        """``steps`` more are done; ``what`` is under way now."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=steps, **({"description": what} if what else {}))
        elif what:
            self._say(what)

    def _say(self, what: str) -> None:
        if what != self._said:
            self._said = what
            self._console.print(what, highlight=False, markup=False)


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """A bar that is gone when the work is done; plain lines where stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Bar(console, None)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(console, progress)
