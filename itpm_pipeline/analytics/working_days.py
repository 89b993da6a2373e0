"""Working calendars: from numbers of working days to dates and back (METRICS.md section 4.4)."""

from collections import defaultdict
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


class Calendars:
    """All calendars; one that nothing is told of is Monday to Friday."""

    def __init__(self, table: pa.Table) -> None:
        told: defaultdict[str, list[date]] = defaultdict(list)
        working: defaultdict[str, list[date]] = defaultdict(list)
        for row in table.to_pylist():
            told[row["calendar_id"]].append(row["date"])
            if row["is_working"]:
                working[row["calendar_id"]].append(row["date"])
        self._bounds = {name: (min(days), max(days)) for name, days in told.items()}
        self._working = {name: np.array(sorted(days), dtype="datetime64[D]") for name, days in working.items()}
        self._found: dict[tuple[str, date], WorkingDays] = {}

    def on(self, calendar: str, today: date) -> WorkingDays:
        """The calendar as seen from a day."""
        if (calendar, today) not in self._found:
            start = np.datetime64(today)
            first, last = self._bounds.get(calendar, (today, today))
            days = self._working.get(calendar, np.array([], dtype="datetime64[D]"))
            begin = np.datetime64(first) if calendar in self._bounds else start + 1
            end = max(np.datetime64(last), start)
            self._found[calendar, today] = WorkingDays(start, days[days > start], days[days <= start], begin, end)
        return self._found[calendar, today]
