"""From working days to dates and back, in and beyond what a calendar tells."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from itpm_pipeline.analytics.dependency.dates import finish_dates, start_dates
from itpm_pipeline.analytics.working_days import CALENDAR, Calendars, WorkingDays

MONDAY, SATURDAY, HOLIDAY = date(2026, 11, 16), date(2026, 11, 28), date(2026, 11, 18)


def calendar(first: date, days: int, today: date) -> WorkingDays:
    told = [first + timedelta(days=number) for number in range(days)]
    table = pa.table({
        "calendar_id": pa.array(["c"] * days, pa.string()), "date": pa.array(told, pa.date32()),
        "is_working": pa.array([day.isoweekday() < 6 and day != HOLIDAY for day in told], pa.bool_()),
    }, schema=pa.schema(list(CALENDAR.items())))  # fmt: skip
    return Calendars(table).on("c", today)


@pytest.mark.parametrize("today", [MONDAY, SATURDAY])
@pytest.mark.parametrize("told", [0, 30, 400])
def test_counting_day_by_day_gives_the_same_however_much_the_calendar_tells(told, today):
    first = date(2026, 11, 2)
    days = calendar(first, told, today)
    is_told = first <= HOLIDAY < first + timedelta(days=told)
    walked, day = [today], today
    while len(walked) < 60:
        day += timedelta(days=1)
        if day.isoweekday() < 6 and not (day == HOLIDAY and is_told):
            walked.append(day)
    assert days.after(np.arange(60)).tolist() == walked
    assert [days.until(one) for one in walked] == list(range(60))


def test_holidays_are_no_working_days():
    days = calendar(date(2026, 11, 2), 60, MONDAY)
    assert days.after(np.array([0, 1, 2, 3])).tolist() == [
        MONDAY, date(2026, 11, 17), date(2026, 11, 19), date(2026, 11, 20)
    ]  # fmt: skip
    assert days.until(date(2026, 11, 20)) == 3
    assert days.until(date(2026, 11, 22)) == 3


@pytest.mark.parametrize("told", [0, 60])
def test_days_that_are_over_count_below_zero(told):
    days = calendar(date(2026, 11, 2), told, MONDAY)
    assert [days.until(MONDAY - timedelta(days=number)) for number in (0, 1, 3, 4, 7)] == [0, -1, -1, -2, -5]


def test_work_begins_on_the_day_before_which_so_much_is_done_and_ends_within_the_last():
    days = calendar(date(2026, 11, 2), 60, MONDAY)
    assert start_dates(days, [0, 0.5, 1, 1.5]) == [MONDAY, MONDAY, date(2026, 11, 17), date(2026, 11, 17)]
    assert finish_dates(days, [0, 0.5, 1, 1.0000000001]) == [
        MONDAY, date(2026, 11, 17), date(2026, 11, 17), date(2026, 11, 17)
    ]  # fmt: skip
