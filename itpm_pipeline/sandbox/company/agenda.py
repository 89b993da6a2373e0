"""The agenda of a simulation: what happens next, in order of time."""

import heapq
from collections.abc import Callable
from typing import Any


class Agenda:
    """Events by instant; those of the same instant in the order they were planned."""

    def __init__(self, end: int) -> None:
        self.end = end
        """Events after this instant never happen."""
        self.now = 0
        self._queue: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._planned = 0

    def plan(self, instant: int, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action(instant, *arguments)`` at ``instant``, or at once if that has passed."""
        if instant <= self.end:
            self._planned += 1
            heapq.heappush(self._queue, (max(instant, self.now), self._planned, action, arguments))

    def run(self) -> None:
        """Let everything happen, including what events plan meanwhile."""
        while self._queue:
            self.now, _, action, arguments = heapq.heappop(self._queue)
            action(self.now, *arguments)
