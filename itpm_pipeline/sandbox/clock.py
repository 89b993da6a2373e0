"""The time that the sandbox's servers tell."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """Company time: the simulation's ``now`` plus the real time that passed since the clock was made.

    ``elapsed`` gives seconds on any steady scale; tests pass their own to stop time or to jump.
    """

    def __init__(self, now: datetime, elapsed: Callable[[], float] = time.monotonic) -> None:
        if now.tzinfo is None:
            raise ValueError("a Clock needs a timezone-aware instant")
        self._start = now
        self._elapsed = elapsed
        self._origin = elapsed()

    def now(self) -> datetime:
        """The present instant, in the zone of the ``now`` it was made with."""
        return self._start + timedelta(seconds=self._elapsed() - self._origin)
