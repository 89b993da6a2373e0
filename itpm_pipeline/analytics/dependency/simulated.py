"""How often each issue is on the critical path when durations vary as they did (METRICS.md section 4.4, stochastic)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from itpm_pipeline.analytics.dependency.durations import Duration
from itpm_pipeline.analytics.dependency.schedule import Plan
from itpm_pipeline.analytics.simulation import TRIALS_PER_BLOCK, generators

PARTS_OF_A_DAY = 1000
"""Simulated durations are whole thousandths of a working day: sums are exact, and so is being critical."""
TRIALS_AT_ONCE = 250
"""Columns computed together; a block of trials is drawn in such parts to bound memory."""
ROWS_AT_ONCE = 2048
DRAWS = 50_000_000
"""Durations drawn for one scope at most; a scope with more issues than fit gets fewer trials, at least one block."""
Values = NDArray[np.int32]


@dataclass(frozen=True)
class Simulation:
    """What came of all trials.

    ``criticality``: share of trials in which each issue is critical. ``finishes``: working days to the end of the scope
    in each trial, sorted.
    """

    criticality: Mapping[str, float]
    finishes: NDArray[np.float64]

    def finish(self, p: float) -> float:
        """Working days by which the scope is finished in a share ``p`` of trials, by nearest rank."""
        return float(self.finishes[ceil(p * len(self.finishes)) - 1])


def affordable_trials(wanted: int, issues: int) -> int:
    """Whole blocks of trials, no more than wanted."""
    blocks = max(1, DRAWS // (max(issues, 1) * TRIALS_PER_BLOCK))
    return min(wanted, blocks * TRIALS_PER_BLOCK)


def simulate(plan: Plan, durations: Mapping[str, Duration], seed: np.random.SeedSequence, trials: int) -> Simulation:
    """Draw durations for all issues of a plan, ``trials`` times, and see what is critical.

    Issues that wait for nothing and nothing waits for matter only by the longest of them. Those that are alike (same
    cohort and size, not begun) are drawn together: the greatest of n independent draws has the n-th power of their
    distribution.
    """
    joined = np.array([len(nodes) > 1 for nodes in plan.members], dtype=bool)
    joined[plan.levels.source] = joined[plan.levels.target] = True
    places = np.flatnonzero(joined).tolist()
    own = [(row, node) for row, place in enumerate(places) for node in plan.members[place] if isinstance(node, str)]
    alike: defaultdict[object, list[str]] = defaultdict(list)
    for place in np.flatnonzero(~joined).tolist():
        issue = str(plan.members[place][0])
        alike[_same(durations[issue])].append(issue)
    groups = list(alike.values())
    lots = _Lots([(durations[issue], 1) for _, issue in own] + [(durations[group[0]], len(group)) for group in groups])
    connected, rows = plan.levels.subset(joined), np.array([row for row, _ in own], dtype=np.int64)
    on_path, alone = np.zeros(len(places)), np.zeros(len(groups))
    ends = []
    for generator in generators(seed, trials):
        for _ in range(TRIALS_PER_BLOCK // TRIALS_AT_ONCE):
            drawn = lots.draw(generator)
            length = _summed(drawn[: len(own)], rows, len(places))
            finish, lone = connected.finishes(length), drawn[len(own) :]
            end = np.concatenate([finish, lone]).max(axis=0)
            on_path += (connected.latest_finishes(length, end) == finish).sum(axis=1)
            alone += lots.hits(lone, end, len(own))
            ends.append(end)
    shares = {issue: float(on_path[row]) / trials for row, issue in own}
    shares |= {issue: float(share) / trials for group, share in zip(groups, alone, strict=True) for issue in group}
    return Simulation(shares, np.sort(np.concatenate(ends)) / PARTS_OF_A_DAY)


def _same(duration: Duration) -> object:
    """Issues with the same are drawn from the same values."""
    return id(duration.values), duration.scale, duration.age, duration.least


def _summed(drawn: Values, rows: NDArray[np.int64], size: int) -> Values:
    """Durations of places: members of a circle follow each other; gates take no time."""
    length = np.zeros((size, drawn.shape[1]), dtype=np.int32)
    first = np.unique(rows, return_index=True)[1]
    length[rows[first]] = drawn[first]
    others = np.setdiff1d(np.arange(len(rows)), first)
    np.add.at(length, rows[others], drawn[others])
    return length


class _Lots:
    """What to draw from: a row of values for each issue or group of issues that are alike."""

    def __init__(self, wanted: Sequence[tuple[Duration, int]]) -> None:
        pool: list[Values] = []
        known: dict[object, tuple[int, int]] = {}
        where = []
        filled = 0
        for duration, _ in wanted:
            key = _same(duration)
            if key not in known:
                days = np.maximum(duration.least, duration.scale * duration.values - duration.age)
                pool.append(np.rint(days * PARTS_OF_A_DAY).astype(np.int32))
                known[key] = filled, len(days)
                filled += len(days)
            where.append(known[key])
        self._pool = np.concatenate(pool)
        self._first, self._size = np.array(where, dtype=np.int64).T
        self._count = np.array([count for _, count in wanted])

    def draw(self, generator: np.random.Generator) -> Values:
        """One duration per row and trial; of a group the longest of as many as it has members."""
        drawn = np.empty((len(self._first), TRIALS_AT_ONCE), dtype=np.int32)
        for begin in range(0, len(drawn), ROWS_AT_ONCE):
            rows = slice(begin, begin + ROWS_AT_ONCE)
            chance = generator.random(drawn[rows].shape)
            many = np.flatnonzero(self._count[rows] > 1)
            chance[many] **= 1 / self._count[rows][many, None]
            size = self._size[rows, None]
            drawn[rows] = self._pool[self._first[rows, None] + np.minimum((chance * size).astype(np.int64), size - 1)]
        return drawn

    def hits(self, lone: Values, end: Values, offset: int) -> NDArray[np.float64]:
        """Trials in which any one member of each group ends last: the expected share of the members that do."""
        found = np.zeros(len(lone))
        hit = lone == end
        for group in np.flatnonzero(hit.any(axis=1)):
            count, first, size = (column[offset + group] for column in (self._count, self._first, self._size))
            values, longest = self._pool[first : first + size], lone[group][hit[group]]
            below, upto = np.searchsorted(values, longest, "left"), np.searchsorted(values, longest, "right")
            equal = (upto - below) / upto
            found[group] = (equal / (1 - (1 - equal) ** count)).sum()
        return found
