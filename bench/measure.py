"""Measuring a call in a process of its own, so that one measurement leaves nothing behind for the next."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

_UNIT = 1024 if sys.platform != "darwin" else 1
"""Bytes in a unit of ru_maxrss."""

_WITH_CHILDREN = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one call took: seconds on the wall, seconds of processor time, peak memory of its process.

    Processes that it started and that have ended count in processor time. They do not in memory (230 MB for each that
    maps records): Linux would say of them what this process held when it started them. ``value``: what the call
    returned. ``memory_before``: bytes the process held when the call began.
    """

    wall: float
    cpu: float
    memory: int
    memory_before: int
    value: Any


def isolated(prepare: Callable[..., Callable[[], Any]], *arguments: Any) -> Measured:
    """Run ``prepare(*arguments)`` in a fresh process, then measure the call of what it returned.

    All are passed to the other process: functions must be importable, values picklable.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measure, prepare, arguments).result()


def _measure(prepare: Callable[..., Callable[[], Any]], arguments: Sequence[Any]) -> Measured:
    call = prepare(*arguments)
    before, cpu, wall = _peak(), _processor_seconds(), time.perf_counter()
    value = call()
    return Measured(time.perf_counter() - wall, _processor_seconds() - cpu, _peak(), before, value)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in _WITH_CHILDREN]
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most of repeated measurements: how noisy the machine was."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of at least one value."""
        return cls(median(values), min(values), max(values))
