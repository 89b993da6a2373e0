"""Numbers, durations and days as people write them; None stays None: not known is not 0."""

from datetime import date

DAY_SECONDS = 86_400


def whole(value: float | None) -> str | None:
    """1,234."""
    return None if value is None else f"{value:,.0f}"


def decimal(value: float | None) -> str | None:
    """At most one decimal place: 12.5, 12."""
    return None if value is None else f"{value:,.1f}".removesuffix(".0")


def percent(share: float | None) -> str | None:
    """52 %."""
    return None if share is None else f"{share:.0%}".replace("%", "\u202f%")


def days(seconds: float | None) -> str | None:
    """Seconds as days: 5.1 d; short times as hours."""
    if seconds is None:
        return None
    if seconds < DAY_SECONDS:
        return f"{seconds / 3600:.0f}\u202fh"
    return f"{seconds / DAY_SECONDS:,.1f}".removesuffix(".0") + "\u202fd"


def day(value: date | None) -> str | None:
    """2026-11-16."""
    return None if value is None else f"{value:%Y-%m-%d}"


def change(now: float | None, before: float | None) -> str:
    """What was before, for the line below a figure; empty if it is not known."""
    return "" if now is None or before is None else f"{whole(before)} before"
