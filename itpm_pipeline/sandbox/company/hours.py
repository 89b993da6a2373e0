"""Working hours of a time zone, as arithmetic on instants.

Instants are whole milliseconds since 1970 in UTC; the simulation counts in them because integers compare and add
quickly and without rounding.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

WORKDAY = 8 * HOUR + 30 * MINUTE
"""Working time of one day."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPENS, _CLOSES = time(9, 0), time(17, 30)


def instant_of(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment_of(instant: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(milliseconds=instant)


def local_instant(day: date, hour: float, zone: str) -> int:
    """Instant at which clocks in ``zone`` show ``hour`` (9.5 = 9:30) on ``day``."""
    clock = time(int(hour), round(hour % 1 * 60))
    return instant_of(datetime.combine(day, clock, tzinfo=ZoneInfo(zone)))


def local_date(instant: int, zone: str) -> date:
    """Date that calendars in ``zone`` show at an instant."""
    return moment_of(instant).astimezone(ZoneInfo(zone)).date()


def is_day_off(day: date) -> bool:
    """Weekends, and the company's holidays between Christmas and New Year."""
    return day.weekday() >= 5 or (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)


class WorkHours:
    """Working days of one zone between two dates, 9:00 to 17:30."""

    def __init__(self, zone: str, first: date, last: date) -> None:
        self.zone = zone
        place = ZoneInfo(zone)
        days = (first + timedelta(days=offset) for offset in range((last - first).days))
        self._opens: list[int] = []
        self._closes: list[int] = []
        for day in days:
            if not is_day_off(day):
                self._opens.append(instant_of(datetime.combine(day, _OPENS, tzinfo=place)))
                self._closes.append(instant_of(datetime.combine(day, _CLOSES, tzinfo=place)))

    def contains(self, instant: int) -> bool:
        """Whether people work at this instant."""
        index = bisect_right(self._closes, instant)
        return self._opens[index] <= instant

    def at_or_after(self, instant: int) -> int:
        """The instant itself, or the opening of the next working day."""
        return max(instant, self._opens[bisect_right(self._closes, instant)])

    def after(self, instant: int, work: int) -> int:
        """The instant at which ``work`` milliseconds of working time have passed."""
        index = bisect_right(self._closes, instant)
        done_today = max(0, instant - self._opens[index])
        days, rest = divmod(done_today + work, WORKDAY)
        return self._opens[index + days] + rest
