"""Where values lie between two edges of a picture, and which values are worth a tick."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor, log10

from itpm_pipeline.reports.chart import X

DAY = 86400.0
TIME_STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364)
"""Days between ticks."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A value with its label."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from values to pixels; ``ticks`` are inside its domain."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[Tick, ...]

    def __call__(self, value: float) -> float:
        """Pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def number(value: X) -> float:
    """A position as a number: instants and dates (their midnight, UTC) as seconds."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    return float(value)


def number_scale(values: Sequence[float], start: float, end: float, *, ticks: int = 5, share: bool = False) -> Scale:
    """A scale that includes 0 and ends on round values. ``share``: labels in per cent."""
    low, high = min([0.0, *values]), max([0.0, *values])
    if low == high:
        high = 1.0
    step = _round_step((high - low) / ticks)
    low, high = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    found = tuple(
        Tick(value, f"{value:.0%}" if share else short(value))
        for value in (low + step * place for place in range(round((high - low) / step) + 1))
    )
    return Scale(low, high, start, end, found)


def time_scale(values: Sequence[float], start: float, end: float, *, ticks: int = 8) -> Scale:
    """A scale over instants in seconds, from the first to the last, with a tick at the midnight (UTC) of some days."""
    low, high = min(values), max(values)
    if low == high:
        low, high = low - DAY / 2, high + DAY / 2
    days = (high - low) / DAY
    step = next((step for step in TIME_STEPS if days / step <= ticks), max(1, ceil(days / ticks)))
    first = datetime.fromtimestamp(low, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if first.timestamp() < low:
        first += timedelta(days=1)
    if step % 7 == 0:
        first += timedelta(days=-first.weekday() % 7)
    found, day = [], first
    while day.timestamp() <= high:
        found.append(Tick(day.timestamp(), f"{day:%-d %b %Y}" if step > 90 else f"{day:%-d %b}"))
        day += timedelta(days=step)
    return Scale(low, high, start, end, tuple(found))


def category_scale(names: Sequence[str], start: float, end: float) -> Scale:
    """One place per name; the place of the first is 0."""
    return Scale(-0.5, len(names) - 0.5, start, end, tuple(Tick(place, name) for place, name in enumerate(names)))


def short(value: float) -> str:
    """A number as short as it can be read: 12, 0.5, 1.2k."""
    if abs(value) >= 10_000:
        return f"{value / 1000:,.3g}k" if abs(value) < 1_000_000 else f"{value / 1e6:,.3g}M"
    return f"{value:,.10g}" if value == round(value) else f"{value:,.3g}"


def _round_step(rough: float) -> float:
    size = 10.0 ** floor(log10(rough))
    return float(next(size * factor for factor in (1, 2, 2.5, 5, 10) if rough <= size * factor * (1 + 1e-9)))
