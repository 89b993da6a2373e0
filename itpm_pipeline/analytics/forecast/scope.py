"""What is forecast: the deliveries and open items of a scope, day by day, and what may be known of them at an origin.

A day is a *counted* day: every day, or only working days where the settings say so. Positions count them from 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from itpm_pipeline.analytics.forecast.resampling import Counts, Stream
from itpm_pipeline.metric_settings import ForecastSettings

Days = NDArray[np.datetime64]
NO_TEAM = "(no team)"
"""Name of the part with the issues of a program that no team is known for."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One team's share of a scope; a scope that is not a program has one part, itself.

    ``delivered``: items delivered on each day of the past; ``open_items``: items open at its end; ``first``: position
    of the first day on which there was anything; ``remaining``: items open now.
    """

    name: str
    delivered: Counts
    open_items: Counts
    first: int
    remaining: int


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A team, project, program, release or epic.

    ``past``: counted days before ``today``, which is not over; ``coming``: those after it; ``judged_by``: the scope
    (type and id) whose back-test speaks for this one.
    """

    type: str
    id: str
    today: date
    target: date | None
    judged_by: tuple[str, str]
    past: Days
    coming: Days
    parts: tuple[Part, ...]

    @property
    def key(self) -> str:
        """Name in seeds."""
        return f"{self.type}:{self.id}"

    @property
    def remaining(self) -> int:
        """Items open now."""
        return sum(part.remaining for part in self.parts)

    def day_after(self, days: int) -> date | None:
        """The counted day so many after today; None beyond the calendar."""
        if days == 0:
            return self.today
        return _date(self.coming[days - 1]) if days <= len(self.coming) else None

    def days_until(self, target: date) -> int:
        """Counted days after today up to and with ``target``; below 0 if it has passed."""
        if target < self.today:
            return -1
        return int(np.searchsorted(self.coming, np.datetime64(target), side="right"))


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What a forecast made at the beginning of the day ``origin`` rests on: nothing that happened on it or later."""

    parts: tuple[Part, ...]
    streams: tuple[Stream, ...]
    first_day: date
    last_day: date

    @property
    def days(self) -> int:
        """Days of the longest history."""
        return max(len(stream.history) for stream in self.streams)

    @property
    def items(self) -> int:
        """Items delivered in them."""
        return sum(int(stream.history.sum()) for stream in self.streams)

    @property
    def digest(self) -> str:
        """Hash of all histories, to tell whether two forecasts rest on the same."""
        digest = sha256()
        for stream in self.streams:
            digest.update(len(stream.history).to_bytes(8, "little") + stream.history.astype("<i8").tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no forecast."""

    reason: str
    days: int
    items: int


def basis(scope: Scope, origin: int, settings: ForecastSettings) -> Basis | Refusal:
    """What may be known at the beginning of the day at position ``origin``; ``len(scope.past)`` is now.

    A history with fewer than ``min_days`` days or ``min_items`` items is not resampled (METRICS.md 3.3). Teams with
    such a thin history are joined with each other and, if that is thin too, with the team that delivered least. What no
    team is known for yet, most of a backlog, is shared among the teams by what they deliver.
    """
    beginning = np.datetime64(scope.today) if origin == len(scope.past) else scope.past[origin]
    window = int(np.searchsorted(scope.past, beginning - np.timedelta64(settings.history_days, "D")))
    sound: list[Part] = []
    thin: list[Part] = []
    free = 0
    for part in scope.parts:
        history, remaining = _history(part, window, origin), _open(part, origin)
        if not _lacks(history, settings):
            sound.append(part)
        elif part.name == NO_TEAM and len(scope.parts) > 1:
            free = remaining
            if history.any():
                thin.append(replace(part, open_items=np.zeros_like(part.open_items), remaining=0))
        elif remaining or history.any() or len(scope.parts) == 1:
            thin.append(part)
    if thin:
        sound.sort(key=lambda part: (int(_history(part, window, origin).sum()), part.name))
        joined = reduce(_join, thin)
        if _lacks(_history(joined, window, origin), settings) and sound:
            joined = _join(joined, sound.pop(0))
        sound.append(joined)
    if not sound:
        return Refusal("nothing was ever delivered by a team", 0, 0)
    sound.sort(key=lambda part: part.name)
    histories = [_history(part, window, origin) for part in sound]
    lack = next(filter(None, (_lacks(history, settings) for history in histories)), "")
    if lack:
        return Refusal(lack, max(map(len, histories)), sum(int(history.sum()) for history in histories))
    shares = _shared(free, [int(history.sum()) for history in histories])
    streams = tuple(
        Stream(history, _open(part, origin) + share)
        for history, part, share in zip(histories, sound, shares, strict=True)
    )
    first = min(max(window, part.first) for part in sound)
    return Basis(tuple(sound), streams, _date(scope.past[first]), _date(scope.past[origin - 1]))


def _shared(items: int, weights: Sequence[int]) -> list[int]:
    """Whole items by weight: rounded down, and what is left to those who lost most by that, the first before others."""
    exact = [items * weight / sum(weights) for weight in weights]
    shares = [int(share) for share in exact]
    neediest = sorted(range(len(exact)), key=lambda place: (shares[place] - exact[place], place))
    for place in neediest[: items - sum(shares)]:
        shares[place] += 1
    return shares


def _history(part: Part, window: int, origin: int) -> Counts:
    return part.delivered[max(window, part.first) : origin]


def _open(part: Part, origin: int) -> int:
    if origin == len(part.delivered):
        return part.remaining
    return int(part.open_items[origin - 1]) if origin else 0


def _lacks(history: Counts, settings: ForecastSettings) -> str:
    """Why this history is too thin; empty if it is not."""
    if len(history) < settings.min_days:
        return f"{len(history)} days of history, at least {settings.min_days} are needed"
    if history.sum() < settings.min_items:
        return f"{int(history.sum())} items delivered in {len(history)} days, at least {settings.min_items} are needed"
    return ""


def _join(one: Part, other: Part) -> Part:
    return Part(
        name=f"{one.name} + {other.name}",
        delivered=one.delivered + other.delivered,
        open_items=one.open_items + other.open_items,
        first=min(one.first, other.first),
        remaining=one.remaining + other.remaining,
    )


def counted_days(today: date, first: date, ahead: int, working: Sequence[date] | None) -> tuple[Days, Days]:
    """Counted days from ``first`` up to yesterday, and the ``ahead`` days after today."""
    if working is None:
        now, day = np.datetime64(today), np.timedelta64(1, "D")
        return np.arange(np.datetime64(first), now), np.arange(now + day, now + (ahead + 1) * day)
    days = np.array(sorted(working), dtype="datetime64[D]")
    past = days[(days >= np.datetime64(first)) & (days < np.datetime64(today))]
    return past, days[days > np.datetime64(today)][:ahead]


def _date(day: np.datetime64) -> date:
    found: date = day.astype("datetime64[D]").item()
    return found
