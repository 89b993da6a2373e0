"""How good forecasts were: those of the past, made from nothing but their own past, against what happened."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, sqrt
from statistics import NormalDist, mean

import numpy as np

from itpm_pipeline.analytics.forecast.exact import (
    exact_latest_day,
    exact_least_items,
    many_distribution,
    when_distribution,
)
from itpm_pipeline.analytics.forecast.resampling import SLACK, Kind
from itpm_pipeline.analytics.forecast.scope import Basis, Part, Refusal, Scope, basis
from itpm_pipeline.metric_settings import ForecastSettings


class Verdict(StrEnum):
    """What the past says of forecasts. Overconfident: more was promised than kept."""

    OVERCONFIDENT = "overconfident"
    UNDERCONFIDENT = "underconfident"
    CONSISTENT = "consistent"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One forecast of the past. ``hit`` is None while it is undecided; ``loss``: pinball loss, None if unknown."""

    kind: Kind
    p: float
    hit: bool | None
    loss: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often forecasts of one scope, kind and confidence held. ``coverage`` and bounds are None without any."""

    p: float
    origins: int
    hits: int
    undecided: int
    coverage: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    pinball: float | None


def calibrate(scope: Scope, settings: ForecastSettings) -> dict[tuple[Kind, float], Calibration]:
    """Back-test a scope: one verdict for each kind of forecast and each confidence of the settings."""
    found: defaultdict[tuple[Kind, float], list[Outcome]] = defaultdict(list)
    for outcome in back_test(scope, settings):
        found[outcome.kind, outcome.p].append(outcome)
    return {
        (kind, p): summarise(p, found[kind, p], settings.backtest.min_origins)
        for kind in Kind for p in settings.percentiles
    }  # fmt: skip


def summarise(p: float, outcomes: list[Outcome], min_origins: int) -> Calibration:
    """Count hits among decided outcomes and judge them."""
    decided = [outcome.hit for outcome in outcomes if outcome.hit is not None]
    losses = [outcome.loss for outcome in outcomes if outcome.loss is not None]
    hits, number = sum(decided), len(decided)
    low, high = wilson(hits, number) if number else (None, None)
    return Calibration(
        p, number, hits, len(outcomes) - number, hits / number if number else None, low, high,
        judge(p, hits, number, min_origins), mean(losses) if losses else None,
    )  # fmt: skip


def judge(p: float, hits: int, number: int, min_origins: int) -> Verdict:
    """Whether ``hits`` of ``number`` speak against a confidence of ``p``."""
    if number < min_origins:
        return Verdict.INSUFFICIENT
    low, high = wilson(hits, number)
    if high < p:
        return Verdict.OVERCONFIDENT
    return Verdict.UNDERCONFIDENT if low > p else Verdict.CONSISTENT


def effective(verdict: Verdict, of_scope: Iterable[Verdict]) -> Verdict:
    """What to go by: overconfident if any forecast of the scope is, else the forecast's own verdict.

    One and the same history is behind all forecasts of a scope. Where it misled one kind of them it may mislead the
    others as well, even if too few of those are decided, or decided soon enough, to say so.
    """
    return Verdict.OVERCONFIDENT if Verdict.OVERCONFIDENT in of_scope else verdict


def wilson(hits: int, number: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share; ``number`` must not be 0."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = hits / number, z * z / number
    middle = share + spread / 2
    width = z * sqrt(share * (1 - share) / number + spread / (4 * number))
    return max((middle - width) / (1 + spread), 0.0), min((middle + width) / (1 + spread), 1.0)


def pinball(forecast: float, actual: float, quantile: float) -> float:
    """Loss of a forecast of a quantile: least, in the long run, at the true one."""
    over = actual - forecast
    return quantile * over if over >= 0 else (quantile - 1) * over


def back_test(scope: Scope, settings: ForecastSettings) -> Iterator[Outcome]:
    """Forecast from origins one horizon apart, over the last ``lookback_days``, and compare with what followed.

    The distributions are exact, without the noise of a simulation. Origins with a history too thin to forecast from
    are left out, as no forecast would have been shown.
    """
    horizon, now = settings.backtest.horizon_days, len(scope.past)
    earliest = np.datetime64(scope.today) - np.timedelta64(settings.backtest.lookback_days, "D")
    for origin in range(now - horizon, 0, -horizon):
        if scope.past[origin] < earliest:
            break
        known = basis(scope, origin, settings)
        if not isinstance(known, Refusal):
            yield from _many(known, origin, settings)
            yield from _when(known, origin, settings)


def _many(known: Basis, origin: int, settings: ForecastSettings) -> Iterator[Outcome]:
    horizon = settings.backtest.horizon_days
    shares = many_distribution(known.streams, horizon)
    actual = sum(int(part.delivered[origin : origin + horizon].sum()) for part in known.parts)
    for p in settings.percentiles:
        forecast = exact_least_items(shares, p)
        # With confidence p at least so many: the quantile 1 - p of their distribution.
        yield Outcome(Kind.MANY, p, actual >= forecast, pinball(forecast, actual, 1 - p))


def _when(known: Basis, origin: int, settings: ForecastSettings) -> Iterator[Outcome]:
    working = [
        (part, stream.remaining)
        for part, stream in zip(known.parts, known.streams, strict=True) if stream.remaining > 0
    ]  # fmt: skip
    if not working:
        return
    passed = len(known.parts[0].delivered) - origin
    shares = when_distribution(known.streams, passed, settings.split_factor, enough=max(settings.percentiles))
    needed = [_days_needed(part, origin, remaining, settings) for part, remaining in working]
    actual = None if None in needed else max(days for days in needed if days is not None)
    for p in settings.percentiles:
        forecast = exact_latest_day(shares, p)
        if actual is None:
            # Still unfinished: a miss if the day has passed, else we shall see.
            yield Outcome(Kind.WHEN, p, None if forecast is None else False, None)
        elif forecast is None:
            yield Outcome(Kind.WHEN, p, hit=True, loss=None)
        else:
            yield Outcome(Kind.WHEN, p, actual <= forecast, pinball(forecast, actual, p))


def _days_needed(part: Part, origin: int, remaining: int, settings: ForecastSettings) -> int | None:
    """Days until as many items were delivered as were open, split as the settings expect; None = not yet."""
    wanted = ceil(remaining * mean(settings.split_factor) - SLACK)
    reached = np.flatnonzero(np.cumsum(part.delivered[origin:]) >= wanted)
    return int(reached[0]) + 1 if len(reached) else None
