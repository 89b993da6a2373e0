"""Monte Carlo by resampling daily throughput (METRICS.md 3.3): arrays in, arrays out.

One trial draws days of the past at random until the remaining items are done (*when*), or for a number of days and
adds up what they delivered (*how many*).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from itpm_pipeline.analytics.simulation import TRIALS_PER_BLOCK, generators

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
    """How to simulate. ``split``: open items turn into this many each, evenly between the two bounds."""

    number: int = 10_000
    cap_days: int = 730
    split: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        """Trials come in whole blocks."""
        if self.number < TRIALS_PER_BLOCK or self.number % TRIALS_PER_BLOCK:
            raise ValueError(f"{self.number} trials are not a multiple of {TRIALS_PER_BLOCK}")


def simulate_when(streams: Sequence[Stream], seed: SeedSequence, trials: Trials) -> Counts:
    """Days until all remaining items are done, one number a trial; ``cap_days + 1`` where that is not reached.

    Several streams work side by side, each on its own items: the last one decides.
    """
    days = np.zeros(trials.number, dtype=np.int64)
    for stream, own_seed in zip(streams, _seeds(seed, len(streams)), strict=True):
        if stream.remaining > 0:
            for block, generator in _blocks(own_seed, trials.number):
                drawn = _draw(stream, generator, trials)
                wanted = _wanted(stream.remaining, trials.split, generator)
                days[block] = np.maximum(days[block], _first_day(stream.history, drawn, wanted))
    return days


def simulate_many(
    streams: Sequence[Stream], horizons: Sequence[int], seed: SeedSequence, trials: Trials
) -> Counts:
    """Items delivered in so many days, at most ``cap_days``, those of several streams added; shape (horizon, trial)."""
    if not all(0 <= horizon <= trials.cap_days for horizon in horizons):
        raise ValueError(f"horizons of {list(horizons)} days are not all within 0 to {trials.cap_days}")
    items = np.zeros((len(horizons), trials.number), dtype=np.int64)
    for stream, own_seed in zip(streams, _seeds(seed, len(streams)), strict=True):
        for block, generator in _blocks(own_seed, trials.number):
            delivered = stream.history[_draw(stream, generator, trials)[:, : max(horizons, default=0)]]
            for row, horizon in enumerate(horizons):
                items[row, block] += delivered[:, :horizon].sum(axis=1)
    return items


def latest_day(days: Counts, p: float) -> int:
    """The day by which a share ``p`` of the trials is done: nearest rank."""
    return int(np.partition(days, _rank(p, len(days)))[_rank(p, len(days))])


def least_items(items: Counts, p: float) -> int:
    """The number of items that a share ``p`` of the trials reaches: nearest rank from the top."""
    return -int(np.partition(-items, _rank(p, len(items)))[_rank(p, len(items))])


def _rank(p: float, number: int) -> int:
    return max(ceil(p * number - SLACK) - 1, 0)


def _seeds(seed: SeedSequence, streams: int) -> list[SeedSequence]:
    """One stream of random numbers for each stream of work, independent of each other."""
    return [seed] if streams == 1 else seed.spawn(streams)


def _blocks(seed: SeedSequence, number: int) -> Iterator[tuple[slice, Generator]]:
    for index, generator in enumerate(generators(seed, number)):
        yield slice(index * TRIALS_PER_BLOCK, (index + 1) * TRIALS_PER_BLOCK), generator


def _draw(stream: Stream, generator: Generator, trials: Trials) -> NDArray[np.int64]:
    """Which days of the past are lived through again, by trial and day; what ``generator.choice`` draws as well.

    Always up to the cap, so that a longer horizon continues a shorter one.
    """
    return generator.integers(0, len(stream.history), size=(TRIALS_PER_BLOCK, trials.cap_days))


def _wanted(items: int, split: tuple[float, float], generator: Generator) -> Counts:
    """Items to deliver in each trial. Drawn after the days, so that a split leaves those as they are."""
    if split == (1.0, 1.0):
        return np.full(TRIALS_PER_BLOCK, items, dtype=np.int64)
    return np.ceil(items * generator.uniform(*split, size=TRIALS_PER_BLOCK) - SLACK).astype(np.int64)


def _first_day(history: Counts, drawn: NDArray[np.int64], wanted: Counts) -> Counts:
    """First day at which the sum of the drawn days reaches what is wanted; days + 1 where none does.

    Most trials end long before the last day, so a guess of how many are needed is tried first.
    """
    days = drawn.shape[1]
    mean = float(history.mean())
    guess = min(days, ceil(1.5 * int(wanted.max()) / mean) + 30) if mean else days
    done = np.cumsum(history[drawn[:, :guess]], axis=1)
    if guess < days and bool((done[:, -1] < wanted).any()):
        done = np.cumsum(history[drawn], axis=1)
    return np.asarray((done < wanted[:, None]).sum(axis=1) + 1, dtype=np.int64)
