"""The distributions that :mod:`resampling` approaches, by convolution: for back-tests, which need thousands of them."""

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod

import numpy as np
from numpy.typing import NDArray

from itpm_pipeline.analytics.forecast.resampling import SLACK, Counts, Stream

Shares = NDArray[np.float64]


def many_distribution(streams: Sequence[Stream], horizon: int) -> Shares:
    """Probability of 0, 1, 2 … items delivered in ``horizon`` days by all streams together."""
    return reduce(np.convolve, (_power(_daily(stream.history), horizon) for stream in streams), np.ones(1))


def when_distribution(
    streams: Sequence[Stream], days: int, split: tuple[float, float] = (1.0, 1.0), enough: float = 1.0
) -> Shares:
    """Probability that all remaining items are done within 0, 1 … days; ends early where ``enough`` is reached.

    Streams are independent of each other, and the last one decides: their probabilities are multiplied.
    """
    each = [_done_by_day(stream, split) for stream in streams if stream.remaining > 0]
    shares = []
    for _ in range(days + 1):
        shares.append(prod(next(one) for one in each))
        if shares[-1] >= enough:
            break
    return np.array(shares, dtype=np.float64)


def exact_least_items(shares: Shares, p: float) -> int:
    """The greatest number of items that is reached with probability ``p``."""
    reached = np.cumsum(shares[::-1])[::-1]
    return int(np.flatnonzero(reached >= p - SLACK).max(initial=0))


def exact_latest_day(shares: Shares, p: float) -> int | None:
    """The first day by which all is done with probability ``p``; None where the distribution ends before."""
    reached = np.flatnonzero(shares >= p - SLACK)
    return int(reached[0]) if len(reached) else None


def _daily(history: Counts) -> Shares:
    return np.bincount(history) / len(history)


def _power(shares: Shares, times: int) -> Shares:
    """The distribution of the sum of so many draws, by repeated squaring."""
    result, square = np.ones(1), shares
    while times:
        if times & 1:
            result = np.convolve(result, square)
        times >>= 1
        if times:
            square = np.convolve(square, square)
    return result


def _done_by_day(stream: Stream, split: tuple[float, float]) -> Iterator[float]:
    """Probability that one stream has delivered what it has to after 0, 1, 2 … days, without end."""
    daily, chances = _daily(stream.history), _split_chances(stream.remaining, split)
    delivered = np.ones(1)  # chance of 0, 1 … items so far, below the most that may be wanted
    yield 0.0
    while True:
        delivered = np.convolve(delivered, daily)[: len(chances)]
        fewer = np.cumsum(delivered)
        # Not done with r items wanted: fewer than r delivered. Beyond the end of `fewer` that is certain.
        open_share = np.dot(chances[: len(fewer)], fewer) + chances[len(fewer) :].sum() * fewer[-1]
        yield min(max(1.0 - float(open_share), 0.0), 1.0)


def _split_chances(remaining: int, split: tuple[float, float]) -> Shares:
    """Probability that 1, 2 … items have to be delivered in the end: ``ceil(remaining * s)``, s even within bounds."""
    low, high = (remaining * bound for bound in split)
    chances = np.zeros(int(np.ceil(high - SLACK)))
    if high - low < SLACK:
        chances[-1] = 1.0
        return chances
    edges = np.arange(len(chances) + 1, dtype=np.float64)
    return np.diff(np.clip(edges, low, high)) / (high - low)
