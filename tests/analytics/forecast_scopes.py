"""Scopes with histories made by hand."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from itpm_pipeline.analytics.forecast.scope import Part, Scope, counted_days

TODAY = date(2026, 11, 16)


def part(delivered: Sequence[int], remaining: int = 0, *, name: str = "team", first: int = 0, **more) -> Part:
    """A part with this past; open items are ``remaining`` on every day unless given."""
    values = {"open_items": np.full(len(delivered), remaining, dtype=np.int64), **more}
    return Part(name=name, delivered=np.asarray(delivered, dtype=np.int64), first=first, remaining=remaining, **values)


def scope(*parts: Part, kind: str = "team", target: date | None = None, ahead: int = 730) -> Scope:
    """A scope with these parts, whose past ends yesterday."""
    days = len(parts[0].delivered)
    past, coming = counted_days(TODAY, TODAY - timedelta(days=days), ahead, None)
    return Scope(kind, f"{kind}-1", TODAY, target, (kind, f"{kind}-1"), past, coming, parts)
