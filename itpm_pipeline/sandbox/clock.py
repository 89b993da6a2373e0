"""The time that the sandbox's servers tell."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """Company time: the simulation's ``now`` plus the real time since the clock was made, plus what it was advanced by.

    ``elapsed`` gives seconds on any steady scale; tests pass their own to stop time or to jump.
    """

    def __init__(self, now: datetime, elapsed: Callable[[], float] = time.monotonic) -> None:
        if now.tzinfo is None:
            raise ValueError("a Clock needs a timezone-aware instant")
        self._start = now
        self._elapsed = elapsed
        self._origin = elapsed()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present instant, in the zone of the ``now`` it was made with."""
        return self._start + timedelta(seconds=self._elapsed() - self._origin)

    def advance(self, span: timedelta) -> datetime:
        """Let ``span`` pass at once; the new present instant."""
        if span < timedelta():
            raise ValueError("a Clock does not go backwards")
        with self._lock:
            self._start += span
            return self.now()
