"""From working days after today to dates, in each calendar."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from itpm_pipeline.analytics.dependency.schedule import EXACT
from itpm_pipeline.analytics.parameters import Parameters
from itpm_pipeline.analytics.working_days import Calendars, WorkingDays


def working_days(calendars: Calendars, parameters: Parameters, calendar: str, timezone: str) -> WorkingDays:
    """A calendar seen from the local day of ``as_of``."""
    return calendars.on(calendar, parameters.date_in(timezone))


def start_dates(days: WorkingDays, offsets: Sequence[float]) -> list[date]:
    """The day on which work begins that can begin after so many working days."""
    return _dates(days.after(np.floor(np.array(offsets, dtype=float) + EXACT).astype(np.int64)))


def finish_dates(days: WorkingDays, offsets: Sequence[float]) -> list[date]:
    """The day on which work ends that takes until after so many working days."""
    return _dates(days.after(np.ceil(np.array(offsets, dtype=float) - EXACT).astype(np.int64)))


def _dates(found: Any) -> list[date]:
    listed: list[date] = found.astype("datetime64[D]").tolist()
    return listed
