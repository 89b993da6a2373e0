"""Working calendars: from numbers of working days to dates and back (METRICS.md section 4.4)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from itpm_pipeline.analytics.columns import DAY, FLAG, TEXT

CALENDAR = {"calendar_id": TEXT, "date": DAY, "is_working": FLAG}
"""Columns of core.calendar_day that are needed."""
Dates = NDArray[np.datetime64]


@dataclass(frozen=True)
class WorkingDays:
    """The working days of one calendar around a day, ``today``.

    Outside the days that the calendar tells, Monday to Friday are working days.
    """

    today: np.datetime64
    days: Dates
    """Working days after ``today`` that the calendar tells, sorted."""
    past: Dates
    """Working days up to ``today``, sorted."""
    first: np.datetime64
    last: np.datetime64
    """First and last day that the calendar tells."""

    def after(self, counts: NDArray[np.int64]) -> Dates:
        """The k-th working day after today; the 0th is today."""
        known = np.r_[self.today, self.days][np.clip(counts, 0, len(self.days))]
        beyond = counts - len(self.days)
        return np.where(beyond > 0, np.busday_offset(self.last, np.maximum(beyond, 0), roll="backward"), known)

    def until(self, day: date) -> int:
        """Working days after today up to and with ``day``; negative for a day that is over."""
        wanted = np.datetime64(day)
        if wanted <= self.today:
            over = len(self.past) - int(np.searchsorted(self.past, wanted, "right"))
            return -over - max(0, int(np.busday_count(wanted + 1, self.first)))
        told = int(np.searchsorted(self.days, wanted, "right"))
        return told + max(0, int(np.busday_count(self.last + 1, wanted + 1)))


def calendars(table: pa.Table, today: Mapping[str, date]) -> dict[str, WorkingDays]:
    """Every calendar that ``today`` gives a day for; one that nothing is told of is Monday to Friday."""
    told: defaultdict[str, tuple[list[date], list[date]]] = defaultdict(lambda: ([], []))
    for row in table.to_pylist():
        everything, working = told[row["calendar_id"]]
        everything.append(row["date"])
        if row["is_working"]:
            working.append(row["date"])
    found = {}
    for calendar, day in today.items():
        everything, working = told[calendar]
        start, days = np.datetime64(day), np.array(sorted(working), dtype="datetime64[D]")
        first = np.datetime64(min(everything)) if everything else start + 1
        last = np.datetime64(max([*everything, day]))
        found[calendar] = WorkingDays(start, days[days > start], days[days <= start], first, last)
    return found
