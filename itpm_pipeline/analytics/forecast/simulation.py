"""Monte Carlo by resampling daily throughput (METRICS.md 3.3): arrays in, arrays out; no tables and no clock.

One trial draws days of the past at random until the remaining items are done (*when*), or for a number of days and
adds up what they delivered (*how many*). Trials are drawn in blocks of 1000, each from a stream of its own, so that
the result does not depend on how much is simulated at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import ceil
from zlib import crc32

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

BLOCK = 1000
SLACK = 1e-9
"""Products of decimal fractions may miss a whole number by less than this."""

Counts = NDArray[np.int64]


class Kind(StrEnum):
    """What is asked: on which day will all be done, or how many items will be."""

    WHEN = "when"
    MANY = "many"


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """What one group of people delivered, ``history`` items a day (zeros included), and what it still has to do."""

    history: Counts
    remaining: int


@dataclass(frozen=True, slots=True)
class Trials:
    """How to simulate. ``split``: open items turn into this many, evenly between the two bounds."""

    number: int = 10_000
    cap_days: int = 730
    split: tuple[float, float] = (1.0, 1.0)


def seed_entropy(base_seed: int, scope_key: str, day: date, kind: Kind) -> tuple[int, int, int, int]:
    """What the random numbers of one forecast are made from; the same in every run of the same day."""
    return base_seed, crc32(scope_key.encode()), day.toordinal(), crc32(kind.value.encode())


def simulate_when(streams: Sequence[Stream], entropy: Sequence[int], trials: Trials) -> Counts:
    """Days until all remaining items are done, one number a trial; ``cap_days + 1`` where that is not reached.

    Several streams work side by side, each on its own items: the last one decides.
    """
    days = np.zeros(trials.number, dtype=np.int64)
    for stream, seed in zip(streams, _seeds(entropy, len(streams)), strict=True):
        if stream.remaining > 0:
            for block, generator in _blocks(seed, trials.number):
                drawn = generator.integers(0, len(stream.history), size=(BLOCK, trials.cap_days))
                wanted = _remaining(stream.remaining, trials.split, generator)
                days[block] = np.maximum(days[block], _first_day(stream.history, drawn, wanted))
    return days


def simulate_many(streams: Sequence[Stream], horizon: int, entropy: Sequence[int], trials: Trials) -> Counts:
    """Items delivered in ``horizon`` days, at most ``cap_days``, one number a trial; those of several streams added."""
    if not 0 <= horizon <= trials.cap_days:
        raise ValueError(f"a horizon of {horizon} days is not within 0 to {trials.cap_days}")
    items = np.zeros(trials.number, dtype=np.int64)
    for stream, seed in zip(streams, _seeds(entropy, len(streams)), strict=True):
        for block, generator in _blocks(seed, trials.number):
            drawn = generator.integers(0, len(stream.history), size=(BLOCK, trials.cap_days))
            items[block] += stream.history[drawn[:, :horizon]].sum(axis=1)
    return items


def latest_day(days: Counts, p: float) -> int:
    """The day by which a share ``p`` of the trials is done: nearest rank."""
    return int(np.sort(days)[_rank(p, len(days))])


def least_items(items: Counts, p: float) -> int:
    """The number of items that a share ``p`` of the trials reaches: nearest rank from the top."""
    return int(np.sort(items)[::-1][_rank(p, len(items))])


def _rank(p: float, number: int) -> int:
    return max(ceil(p * number - SLACK) - 1, 0)


def _seeds(entropy: Sequence[int], streams: int) -> list[SeedSequence]:
    """One stream of random numbers for each stream of work, independent of each other."""
    seed = SeedSequence(list(entropy))
    return [seed] if streams == 1 else seed.spawn(streams)


def _blocks(seed: SeedSequence, number: int) -> Iterator[tuple[slice, Generator]]:
    if number % BLOCK:
        raise ValueError(f"{number} trials are not a multiple of {BLOCK}")
    for index, child in enumerate(seed.spawn(number // BLOCK)):
        yield slice(index * BLOCK, (index + 1) * BLOCK), Generator(PCG64(child))


def _remaining(items: int, split: tuple[float, float], generator: Generator) -> Counts:
    """Items to deliver in each trial. Drawn after the days, so that a split leaves those as they are."""
    if split == (1.0, 1.0):
        return np.full(BLOCK, items, dtype=np.int64)
    return np.ceil(items * generator.uniform(*split, size=BLOCK) - SLACK).astype(np.int64)


def _first_day(history: Counts, drawn: NDArray[np.int64], wanted: Counts) -> Counts:
    """First column at which the sum of the drawn days reaches what is wanted; columns + 1 where none does.

    Most trials end long before the last column, so a guess of how many are needed is tried first.
    """
    columns = drawn.shape[1]
    mean = float(history.mean())
    guess = min(columns, ceil(1.5 * int(wanted.max()) / mean) + 30) if mean else columns
    for width in dict.fromkeys((guess, columns)):
        done = np.cumsum(history[drawn[:, :width]], axis=1)
        if width == columns or bool((done[:, -1] >= wanted).all()):
            return np.asarray((done < wanted[:, None]).sum(axis=1) + 1, dtype=np.int64)
    raise AssertionError("the last width is all columns")
