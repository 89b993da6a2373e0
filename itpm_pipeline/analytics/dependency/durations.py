"""How long open issues will take, in working days, and what says so (METRICS.md section 4.4).

The first of these that there is decides: what is left of a time estimate; points by the team's own pace; the history of
issues of the same team, type and size, of the same team and type, of the project, of the program; the default.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from itpm_pipeline.analytics.columns import NUMBER, TEXT

SAMPLE = {
    "team_id": TEXT, "type": TEXT, "size_bucket": TEXT, "project_id": TEXT, "program_id": TEXT,
    "working_days": NUMBER, "days_per_point": NUMBER, "cohort": TEXT,
}  # fmt: skip
"""Columns of a finished issue: ``cohort`` is ``story`` for what counts as flow, else ``other``."""
LEAST_LEFT = 0.5
"""Working days that work in progress will take at least, however long it has been going on."""
PLAN, PESSIMISTIC = 0.5, 0.85
"""Percentiles: the duration that is planned with, and a cautious one."""

Key = tuple[str, ...]
LEVELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("team_type_size", ("team_id", "type", "size_bucket")), ("team_type", ("team_id", "type")),
    ("project", ("project_id",)), ("program", ("program_id",)),
)  # fmt: skip
"""Cohorts from the nearest to the farthest: basis, and what its members share."""


@dataclass(frozen=True, slots=True)
class Duration:
    """How long one issue takes: each of ``values`` (sorted, working days) times ``scale`` is as likely as the others.

    ``age``: working days the work has been going on, taken off. ``least``: what is left at least.
    """

    basis: str
    values: NDArray[np.float64]
    scale: float = 1.0
    age: float = 0.0
    least: float = 0.0

    def quantile(self, p: float) -> float:
        """By nearest rank, so that it is a duration that was."""
        return max(self.least, self.scale * float(self.values[ceil(p * len(self.values)) - 1]) - self.age)


class History:
    """Durations of finished issues by cohort; cohorts below the minimal sample are left out."""

    def __init__(self, samples: pa.Table, min_sample: int) -> None:
        found: defaultdict[Key, list[float]] = defaultdict(list)
        for row in samples.to_pylist():
            for key in _memberships(row):
                found[key].append(row["working_days"])
            if row["days_per_point"] is not None and row["team_id"] is not None:
                found["points", row["team_id"]].append(row["days_per_point"])
        self._cohorts = {key: np.sort(np.array(told)) for key, told in found.items() if len(told) >= min_sample}

    def cohort(self, key: Key) -> NDArray[np.float64] | None:
        """Sorted durations in working days (per point, for ``("points", team)``); None: too few."""
        return self._cohorts.get(key)


def _memberships(row: Mapping[str, Any]) -> Iterator[Key]:
    """Cohorts that a finished issue belongs to. Sub-tasks say nothing of how long anything in the project takes."""
    if row["working_days"] is None:
        return
    for basis, shared in LEVELS:
        names = [row[column] for column in shared]
        if None not in names and (row["cohort"] == "story" or "type" in shared):
            yield (basis, *names)


def durations(items: Sequence[Mapping[str, Any]], history: History, default_days: float) -> list[Duration]:
    """One for each open issue, in their order.

    An item has ``remaining_days`` (working days left of its time estimate), ``estimate_points``, the columns that
    cohorts share, and ``age_days`` (working days since work began; None = not begun).
    """
    fixed: dict[tuple[str, float], NDArray[np.float64]] = {}

    def constant(basis: str, days: float) -> tuple[str, NDArray[np.float64], float]:
        return basis, fixed.setdefault((basis, days), np.array([days])), 1.0

    found = []
    for item in items:
        if item["remaining_days"] is not None:
            basis, values, scale = constant("remaining_estimate", item["remaining_days"])
        else:
            basis, values, scale = _from_history(item, history) or constant("default", default_days)
        begun = item["age_days"] is not None
        # What is left of a time estimate has the time spent taken off already.
        age = item["age_days"] if begun and basis != "remaining_estimate" else 0.0
        found.append(Duration(basis, values, scale, age, LEAST_LEFT if begun else 0.0))
    return found


def _from_history(item: Mapping[str, Any], history: History) -> tuple[str, NDArray[np.float64], float] | None:
    if item["estimate_points"] is not None and item["team_id"] is not None:
        pace = history.cohort(("points", item["team_id"]))
        if pace is not None:
            return "points", pace, float(item["estimate_points"])
    for basis, shared in LEVELS:
        values = history.cohort((basis, *(item[column] for column in shared)))
        if values is not None:
            return basis, values, 1.0
    return None
