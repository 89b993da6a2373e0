"""The worked examples M1 to M4 of METRICS.md section 3.5, and the simulation against what it simulates."""

from collections.abc import Sequence
from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import PCG64, Generator, SeedSequence

from itpm_pipeline.analytics.forecast.exact import (
    exact_latest_day,
    exact_least_items,
    many_distribution,
    when_distribution,
)
from itpm_pipeline.analytics.forecast.resampling import (
    Stream,
    Trials,
    latest_day,
    least_items,
    simulate_many,
    simulate_when,
)

ENTROPY = [20260101, 7, 740000, 11]
PERCENTILES = (0.5, 0.7, 0.85, 0.95)
FEW = Trials(number=1000, cap_days=200)


def stream(history: Sequence[int], remaining: int = 0) -> Stream:
    return Stream(np.array(history, dtype=np.int64), remaining)


def when(streams: Sequence[Stream], trials: Trials = Trials()) -> list[int]:  # noqa: B008  it is frozen
    days = simulate_when(streams, SeedSequence(ENTROPY), trials)
    return [latest_day(days, p) for p in PERCENTILES]


def many(streams: Sequence[Stream], horizon: int, trials: Trials = Trials()) -> list[int]:  # noqa: B008  as above
    (items,) = simulate_many(streams, [horizon], SeedSequence(ENTROPY), trials)
    return [least_items(items, p) for p in PERCENTILES]


# --- Worked examples


def test_m1_when() -> None:
    one = stream([0, 0, 2], 2)
    shares = when_distribution([one], 8)
    assert shares[1:] == pytest.approx([0.3333, 0.5556, 0.7037, 0.8025, 0.8683, 0.9122, 0.9415, 0.9610], abs=5e-5)
    p50, _, p85, p95 = when([one])
    assert (p50, p85, p95) == (2, 5, 8)
    assert [exact_latest_day(shares, p) for p in (0.5, 0.85, 0.95)] == [2, 5, 8]


def test_m2_when_and_many() -> None:
    history = [0, 1, 1, 2, 0, 3]
    assert when([stream(history, 10)]) == [9, 10, 12, 14]
    assert many([stream(history)], 10)[1:] == [10, 8, 6]
    shares = many_distribution([stream(history)], 10)
    assert [exact_least_items(shares, p) for p in PERCENTILES[1:]] == [10, 8, 6]


def test_m3_percentiles_of_teams_do_not_add() -> None:
    team = stream([0, 0, 2])
    assert many([team], 3)[2] == 0
    assert many([team, team], 3)[2] == 2
    reached = np.cumsum(many_distribution([team, team], 3)[::-1])[::-1]
    assert (reached[2], reached[4]) == (pytest.approx(0.9122, abs=5e-5), pytest.approx(0.6488, abs=5e-5))


def test_m4_a_constant_history_leaves_nothing_to_chance() -> None:
    assert when([stream([1] * 30, 5)]) == [5] * 4
    assert many([stream([1] * 30)], 7) == [7] * 4


def test_percentiles_are_by_nearest_rank() -> None:
    """The value at rank ceil(p·n): from below for days, from above for items."""
    trials = np.arange(1, 1001)
    assert [latest_day(trials, p) for p in (0.0005, 0.5, 0.85, 0.9501, 1.0)] == [1, 500, 850, 951, 1000]
    assert [least_items(trials, p) for p in (0.0005, 0.5, 0.85, 0.9501, 1.0)] == [1000, 501, 151, 50, 1]


def test_the_last_of_several_teams_decides() -> None:
    """Each is done on the first day with one chance in three, both with one in nine."""
    teams = [stream([0, 0, 2], 2), stream([0, 0, 2], 2)]
    assert when_distribution(teams, 2) == pytest.approx([0, 1 / 9, (5 / 9) ** 2])
    days = simulate_when(teams, SeedSequence(ENTROPY), Trials())
    assert np.mean(days <= 1) == pytest.approx(1 / 9, abs=0.013)
    assert when([*teams, stream([1], 0)]) == when(teams)  # who has nothing left is waited for by nobody


# --- The rule itself


def test_draws_are_those_of_the_rule() -> None:
    """METRICS.md 3.3 to the letter: choice of blocks of 1000 trials, block i from the i-th spawned stream."""
    history, trials = np.array([0, 1, 1, 2, 0, 3]), Trials(number=3000, cap_days=100)
    blocks = [
        Generator(PCG64(child)).choice(history, size=(1000, 100), replace=True)
        for child in SeedSequence(ENTROPY).spawn(3)
    ]
    sums = np.cumsum(np.concatenate(blocks), axis=1)
    reached = sums >= 25
    expected = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, 101)
    one = Stream(history, 25)
    assert (simulate_when([one], SeedSequence(ENTROPY), trials) == expected).all()
    (ten, forty) = simulate_many([one], [10, 40], SeedSequence(ENTROPY), trials)
    assert (ten == sums[:, 9]).all()
    assert (forty == sums[:, 39]).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    one = stream([0, 1, 1, 2, 0, 3], 40)
    first, again = (simulate_when([one], SeedSequence(ENTROPY), FEW).tobytes() for _ in range(2))
    other = simulate_when([one], SeedSequence([*ENTROPY[:3], 12]), FEW).tobytes()
    assert first == again != other


def test_what_is_never_done_is_told_apart() -> None:
    assert when([stream([0] * 29 + [1], 400)], FEW) == [201] * 4
    assert when([stream([0] * 30, 1)], FEW) == [201] * 4


def test_a_long_tail_of_trials_is_simulated_to_its_end() -> None:
    """Some trials need many more days than a guess from the mean says."""
    one = stream([0] * 59 + [5], 5)
    days = simulate_when([one], SeedSequence(ENTROPY), Trials(number=2000))
    exact = when_distribution([one], 730)
    for day in (30, 150, 300):
        assert np.mean(days <= day) == pytest.approx(exact[day], abs=4 * sqrt(0.25 / 2000))


def test_split_items_take_longer_and_leave_the_draws_alone() -> None:
    history = [0, 1, 1, 2, 0, 3]
    plain, split = (when([stream(history, 40)], Trials(split=bounds)) for bounds in ((1.0, 1.0), (1.0, 1.5)))
    doubled = when([stream(history, 40)], Trials(split=(2.0, 2.0)))
    assert all(one < other for one, other in zip(plain, split, strict=True))
    assert doubled == when([stream(history, 80)])
    exact = when_distribution([stream(history, 40)], 300, (1.0, 1.5))
    assert [exact_latest_day(exact, p) for p in PERCENTILES] == pytest.approx(split, abs=1)


@pytest.mark.parametrize("number", [0, 500, 1500])
def test_trials_come_in_blocks(number: int) -> None:
    with pytest.raises(ValueError, match="multiple of 1000"):
        Trials(number=number)


def test_a_horizon_beyond_the_cap_is_refused() -> None:
    with pytest.raises(ValueError, match="not all within 0 to 200"):
        simulate_many([stream([1])], [14, 201], SeedSequence(ENTROPY), FEW)


# --- Invariants 15 to 17

histories = st.lists(st.integers(0, 6), min_size=2, max_size=12).filter(any)
remaining_items = st.integers(0, 25)


@settings(max_examples=40, deadline=None)
@given(histories, remaining_items, st.integers(0, 25))
def test_when_rises_with_confidence_and_with_work(history: list[int], fewer: int, more: int) -> None:
    short, long = when([stream(history, fewer)], FEW), when([stream(history, fewer + more)], FEW)
    assert short == sorted(short)
    assert all(one <= other for one, other in zip(short, long, strict=True))
    assert when([stream(history, 0)], FEW) == [0] * 4


@settings(max_examples=40, deadline=None)
@given(histories, st.integers(0, 60), st.integers(0, 60))
def test_many_falls_with_confidence_and_rises_with_time(history: list[int], horizon: int, longer: int) -> None:
    short, long = many([stream(history)], horizon, FEW), many([stream(history)], horizon + longer, FEW)
    assert short == sorted(short, reverse=True)
    assert all(one <= other for one, other in zip(short, long, strict=True))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(0, 90), st.integers(2, 5), histories)
def test_scale_and_order_do_not_matter(pace: int, remaining: int, factor: int, history: list[int]) -> None:
    assert when([stream([pace] * 28, remaining)], FEW) == [-(-remaining // pace)] * 4
    scaled = stream([factor * items for items in history], factor * remaining)
    assert when([scaled], FEW) == when([stream(history, remaining)], FEW)
    turned, exact = stream(history[::-1], remaining), when_distribution([stream(history, remaining)], 200)
    assert when_distribution([turned], 200) == pytest.approx(exact)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(1, 5), st.integers(1, 6))
def test_convolution_agrees_with_enumeration(history: list[int], days: int, remaining: int) -> None:
    """Every sequence of days there is, counted one by one."""
    sums = [sum(sequence) for sequence in product(history, repeat=days)]
    shares = many_distribution([stream(history)], days)
    assert shares == pytest.approx([sums.count(items) / len(sums) for items in range(len(shares))])
    done = when_distribution([stream(history, remaining)], days)
    assert done[-1] == pytest.approx(sum(total >= remaining for total in sums) / len(sums))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(histories, st.integers(1, 25), st.integers(1, 40))
def test_simulation_agrees_with_the_exact_distribution(history: list[int], remaining: int, day: int) -> None:
    """Within four standard errors, and two trials for what hardly ever happens, at every number of trials."""
    streams = [stream(history, remaining), stream([1, 2, 0], 3)]
    done = when_distribution(streams, day)[-1]
    reached = np.cumsum(many_distribution(streams[:1], day)[::-1])[::-1]
    share = min(float(reached[remaining]), 1.0) if remaining < len(reached) else 0.0
    for number in (2000, 8000):
        trials = Trials(number=number, cap_days=200)
        days = simulate_when(streams, SeedSequence(ENTROPY), trials)
        (delivered,) = simulate_many(streams[:1], [day], SeedSequence(ENTROPY), trials)
        for simulated, exact in ((days <= day, done), (delivered >= remaining, share)):
            assert abs(np.mean(simulated) - exact) <= 4 * sqrt(exact * (1 - exact) / number) + 2 / number


def test_four_times_the_trials_move_no_percentile_that_is_clearly_apart() -> None:
    history = [0, 1, 1, 2, 0, 3]
    first = when([stream(history, 10)], Trials(number=10_000))
    assert when([stream(history, 10)], Trials(number=40_000)) == first
