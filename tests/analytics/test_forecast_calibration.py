"""Whether the back-tests judge rightly: example M5, invariant 18, and teams whose future is known."""

from datetime import timedelta
from math import sqrt

import numpy as np
import pytest
from forecast_scopes import TODAY, part, scope
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_pipeline.analytics.forecast.calibration import (
    Outcome,
    Verdict,
    back_test,
    calibrate,
    effective,
    judge,
    pinball,
    summarise,
    wilson,
)
from itpm_pipeline.analytics.forecast.resampling import Kind
from itpm_pipeline.analytics.forecast.scope import Basis, Refusal, Scope, basis
from itpm_pipeline.metric_settings import ForecastSettings

SETTINGS = ForecastSettings()
DAYS = 84 + 365


def whole_lot(scope: Scope, config: ForecastSettings = SETTINGS) -> list[Outcome]:
    return list(back_test(scope, config))


# --- Counting and judging


@pytest.mark.parametrize(("hits", "number", "low", "high", "verdict"), [
    (28, 40, 0.5457, 0.8193, Verdict.OVERCONFIDENT),
    (34, 40, 0.7093, 0.9294, Verdict.CONSISTENT),
    (40, 40, 0.9124, 1.0, Verdict.UNDERCONFIDENT),
    (15, 20, 0.5313, 0.8881, Verdict.CONSISTENT),
])
def test_m5_wilson_intervals_and_verdicts(hits: int, number: int, low: float, high: float, verdict: Verdict) -> None:
    assert wilson(hits, number) == pytest.approx((low, high), abs=5e-5)
    assert judge(0.85, hits, number, min_origins=20) is verdict
    assert judge(0.85, hits, number, min_origins=number + 1) is Verdict.INSUFFICIENT


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilson_bounds_solve_the_equation_they_come_from(hits: int, number: int) -> None:
    """The bounds are the shares from which the observed one is 1.96 standard errors away, found by bisection."""
    hits = min(hits, number)
    share = hits / number

    def distance(true_share: float) -> float:
        return abs(share - true_share) - 1.959963984540054 * sqrt(true_share * (1 - true_share) / number)

    def root(inside: float, outside: float) -> float:
        for _ in range(200):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if distance(middle) <= 0 else (inside, middle)
        return inside

    assert wilson(hits, number) == pytest.approx((root(share, 0.0), root(share, 1.0)), abs=1e-6)


def test_undecided_forecasts_are_not_counted() -> None:
    hits = [True] * 15 + [False] * 5 + [None] * 7
    found = summarise(0.85, [Outcome(Kind.WHEN, 0.85, hit, 1.0) for hit in hits], min_origins=20)
    assert (found.origins, found.hits, found.undecided, found.coverage) == (20, 15, 7, 0.75)
    nothing = summarise(0.85, [], min_origins=20)
    assert (nothing.origins, nothing.coverage, nothing.low, nothing.verdict) == (0, None, None, Verdict.INSUFFICIENT)


def test_pinball_loss_is_least_at_the_quantile() -> None:
    actual = np.random.default_rng(1).poisson(20, 4000)
    losses = {forecast: np.mean([pinball(forecast, one, 0.15) for one in actual]) for forecast in range(10, 30)}
    assert min(losses, key=losses.__getitem__) == int(np.quantile(actual, 0.15, method="inverted_cdf"))


def test_losses_are_of_the_quantile_that_was_forecast() -> None:
    """Fourteen items were sure and none came; twenty items should take twenty days and took ten."""
    stopped = whole_lot(scope(part([1] * (DAYS - 14) + [0] * 14)))
    assert {one.p: one.loss for one in stopped[:4]} == pytest.approx(
        {0.5: 0.5 * 14, 0.7: 0.7 * 14, 0.85: 0.85 * 14, 0.95: 0.95 * 14})
    faster = whole_lot(scope(part([1] * (DAYS - 14) + [2] * 14, 20)))
    assert {one.p: one.loss for one in faster[:8] if one.kind is Kind.WHEN and one.loss is not None} == {}
    known = whole_lot(scope(part([1] * (DAYS - 28) + [2] * 28, 20)))[8:16]
    assert {one.p: one.loss for one in known if one.kind is Kind.WHEN} == pytest.approx(
        {0.5: 5.0, 0.7: 3.0, 0.85: 1.5, 0.95: 0.5})


@pytest.mark.parametrize("own", Verdict)
def test_whoever_promised_too_much_once_is_not_believed_elsewhere(own: Verdict) -> None:
    assert effective(own, {Verdict.OVERCONFIDENT, own}) is Verdict.OVERCONFIDENT
    assert effective(own, {own, Verdict.CONSISTENT, Verdict.UNDERCONFIDENT, Verdict.INSUFFICIENT}) is own


# --- What a back-test reads


def test_origins_are_a_horizon_apart_and_a_year_back() -> None:
    outcomes = whole_lot(scope(part([1] * DAYS)))
    assert len([one for one in outcomes if one.kind is Kind.MANY and one.p == 0.85]) == 365 // 14
    assert all(one.hit for one in outcomes)
    assert {one.loss for one in outcomes} == {0.0}
    assert {one.kind for one in outcomes} == {Kind.MANY}  # nothing was open: when has no answer


def test_a_thin_past_is_not_forecast_from() -> None:
    assert whole_lot(scope(part([0] * DAYS))) == []
    late = scope(part([0] * (DAYS - 45) + [1] * 45, first=DAYS - 45))
    assert len(whole_lot(late)) == len(SETTINGS.percentiles)  # one origin: 31 days before it are enough, 17 are not
    assert isinstance(basis(late, DAYS - 28, SETTINGS), Refusal)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, DAYS), st.integers(0, 2**32 - 1))
def test_the_future_is_never_read(origin: int, seed: int) -> None:
    """Invariant 18: whatever happens at or after the origin, what a forecast rests on stays the same."""
    chance = np.random.default_rng(seed)
    past, stock = chance.poisson(1.5, DAYS), chance.integers(1, 50, DAYS)
    other_past, other_stock = past.copy(), stock.copy()
    other_past[origin:] = chance.poisson(9, DAYS - origin)
    other_stock[origin:] = chance.integers(100, 200, DAYS - origin)
    same_now = {"remaining": 7}
    one = basis(scope(part(past, open_items=stock, **same_now)), origin, SETTINGS)
    other = basis(scope(part(other_past, open_items=other_stock, **same_now)), origin, SETTINGS)
    assert type(one) is type(other)
    if isinstance(one, Basis) and isinstance(other, Basis):
        assert (one.digest, one.first_day, one.last_day) == (other.digest, other.first_day, other.last_day)
        assert [s.remaining for s in one.streams] == [s.remaining for s in other.streams]
        assert one.last_day < TODAY - timedelta(days=DAYS - origin)


def test_when_is_a_hit_a_miss_or_undecided() -> None:
    """Twenty open items at two a day take ten days; then work stops for good."""
    config = SETTINGS.model_copy(update={"percentiles": (0.85,)})

    def hits(stopped: int, remaining: int) -> list[bool | None]:
        past = [2] * (DAYS - stopped) + [0] * stopped
        return [one.hit for one in whole_lot(scope(part(past, remaining)), config) if one.kind is Kind.WHEN]

    assert set(hits(0, 20)) == {True}
    assert hits(0, 400)[:14] == [None] * 14  # two hundred days are needed, and 14 origins are younger than that
    assert hits(28, 20)[:2] == [False] * 2  # the first knows a fortnight of standstill, and still expects too much
    assert all(hits(28, 20)[2:])


# --- Teams whose future is known


def stationary(chance: np.random.Generator, mean: float) -> np.ndarray:
    """Working days like each other, weekends off: what a team does that changes neither people nor habits."""
    weekday = np.arange(DAYS) % 7 < 5
    return chance.poisson(mean * 7 / 5, DAYS) * weekday


def test_85_percent_forecasts_of_stationary_teams_hold_in_80_to_95_percent() -> None:
    chance = np.random.default_rng(20261116)
    decided: dict[Kind, list[bool]] = {Kind.MANY: [], Kind.WHEN: []}
    verdicts, overall = [], []
    for mean in np.linspace(0.6, 4.0, 24):
        team = scope(part(stationary(chance, mean), int(30 * mean)))
        for one in whole_lot(team, SETTINGS.model_copy(update={"percentiles": (0.85,)})):
            if one.hit is not None:
                decided[one.kind].append(one.hit)
        judged = calibrate(team, SETTINGS)
        verdicts.append(judged[Kind.MANY, 0.85].verdict)
        overall.append(Verdict.OVERCONFIDENT in {found.verdict for found in judged.values()})
    for hits in decided.values():
        assert len(hits) >= 500
        assert 0.80 <= np.mean(hits) <= 0.95
    assert verdicts.count(Verdict.OVERCONFIDENT) <= 1
    assert overall.count(True) <= 2


@pytest.mark.parametrize("mean", [3, 6])
def test_a_team_whose_velocity_halves_is_called_overconfident(mean: int) -> None:
    """Five months ago the team lost half of its people, with work for fifty days of the old pace on its list.

    How many it delivers in a fortnight is promised too high for three months only, which is too short for a verdict at
    85 %; the coverage tells it all the same, and the verdict on when stands for both.
    """
    chance, half, lost = np.random.default_rng(3), DAYS - 150, []
    for _ in range(8):
        before, after = stationary(chance, mean), stationary(chance, mean / 2)
        past = np.concatenate([before[:half], after[half:]])
        halved = calibrate(scope(part(past, 50 * mean)), SETTINGS)
        steady = calibrate(scope(part(before, 50 * mean)), SETTINGS)
        assert halved[Kind.WHEN, 0.85].verdict is Verdict.OVERCONFIDENT
        assert steady[Kind.WHEN, 0.85].verdict is not Verdict.OVERCONFIDENT
        lost.append(steady[Kind.MANY, 0.85].hits - halved[Kind.MANY, 0.85].hits)
    assert np.mean(lost) > 1
