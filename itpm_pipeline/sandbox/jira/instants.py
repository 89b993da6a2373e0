"""Instants and durations in the forms Jira writes them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

HOURS_PER_DAY = 8
DAYS_PER_WEEK = 5


def millis(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return (at - _EPOCH) // _MILLISECOND


def local(at: datetime, zone: ZoneInfo) -> str:
    """``2026-03-02T09:00:00.000+0100``: the platform's form, in the account's time zone, no colon in the offset."""
    text = at.astimezone(zone).isoformat(timespec="milliseconds")
    return text[:-3] + text[-2:]


def zulu(at: datetime) -> str:
    """``2026-03-02T08:00:00.000Z``: the form of sprint dates on Jira Cloud."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def duration(seconds: int) -> str:
    """``1w 2d 3h 4m`` in working time (8 hours a day, 5 days a week), as Jira shows time tracking."""
    minutes, parts = seconds // 60, []
    for letter, size in (("w", 60 * HOURS_PER_DAY * DAYS_PER_WEEK), ("d", 60 * HOURS_PER_DAY), ("h", 60), ("m", 1)):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count}{letter}")
    return " ".join(parts) or "0m"
