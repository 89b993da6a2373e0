"""The rate budget that all threads reading one tracker share."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from itpm_pipeline.extract.records import StreamOutcome


@dataclass(slots=True)
class Traffic:
    """HTTP traffic of one reading; several threads may add to it.

    ``requests`` counts attempts, ``retries`` those after the first of a call, ``waited_seconds`` pauses that
    trackers or back-off asked for, ``points`` GraphQL points, ``bytes`` response bodies after decompression.
    """

    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    points: int = 0
    bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(
        self, *, requests: int = 0, retries: int = 0, waited_seconds: float = 0.0, points: int = 0, size: int = 0
    ) -> None:
        """Count; ``size`` is added to ``bytes``."""
        with self._lock:
            self.requests += requests
            self.retries += retries
            self.waited_seconds += waited_seconds
            self.points += points
            self.bytes += size

    def tell(self, outcome: StreamOutcome) -> None:
        """Copy the counts into an outcome."""
        with self._lock:
            outcome.requests, outcome.retries, outcome.waited_seconds = self.requests, self.retries, self.waited_seconds
            outcome.points, outcome.bytes = self.points, self.bytes


class Budget:
    """Bounds the requests under way at once, and holds all threads back until a common instant.

    A hold may concern one ``lane`` (GitHub counts REST and GraphQL apart) or, with lane None, everything.
    """

    def __init__(
        self,
        concurrency: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._slots = threading.BoundedSemaphore(concurrency)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before: dict[str | None, float] = {}

    def hold(self, seconds: float, lane: str | None = None) -> None:
        """No request of the lane starts within the next ``seconds``; a longer hold stays in force."""
        until = self._clock() + seconds
        with self._lock:
            self._not_before[lane] = max(until, self._not_before.get(lane, until))

    def remaining_hold(self, lane: str) -> float:
        """Seconds until a request of the lane may start; 0 when it may now."""
        with self._lock:
            until = max(self._not_before.get(None, 0.0), self._not_before.get(lane, 0.0))
        return max(0.0, until - self._clock())

    @contextmanager
    def slot(self, lane: str) -> Iterator[float]:
        """Wait out holds, take a slot for one request; yields the seconds spent in holds (not in the queue)."""
        waited = 0.0
        while True:
            while (pause := self.remaining_hold(lane)) > 0:
                self._sleep(pause)
                waited += pause
            self._slots.acquire()
            # Another thread may have been told to slow down while we queued for the slot.
            if not self.remaining_hold(lane):
                break
            self._slots.release()
        try:
            yield waited
        finally:
            self._slots.release()
