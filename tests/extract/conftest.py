"""A clock that moves only when somebody sleeps."""

import threading

import pytest


class FakeClock:
    """Use ``time`` as clock and now, ``sleep`` as sleep; ``naps`` tells who slept how long."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.at = start
        self.naps: list[float] = []
        self._lock = threading.Lock()

    def time(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.naps.append(seconds)
            self.at += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
