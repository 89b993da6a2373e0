"""How often issues are critical, against all possible outcomes counted one by one."""

from itertools import product

import numpy as np
import pytest
from networks import edges, plan

from itpm_pipeline.analytics.dependency import simulated
from itpm_pipeline.analytics.dependency.durations import Duration
from itpm_pipeline.analytics.dependency.simulated import affordable_trials, simulate
from itpm_pipeline.analytics.simulation import seed_sequence

SEED = np.random.SeedSequence([1, 2, 3])
TRIALS = 10_000
VALUES = np.array([1.0, 2.0, 4.0])


def exact(issues: str, pairs: str, values: np.ndarray) -> tuple[dict[str, float], dict[float, float]]:
    """Share of outcomes in which each issue is critical, and of each length: all durations are as likely."""
    laid = plan(issues, edges(pairs) if pairs else [])
    critical, ends = dict.fromkeys(issues, 0), {}
    outcomes = list(product(values, repeat=len(issues)))
    for outcome in outcomes:
        slots = laid.slots(dict(zip(issues, outcome, strict=True)))
        length = max(slot.early_finish for slot in slots.values())
        ends[length] = ends.get(length, 0) + 1 / len(outcomes)
        for issue, slot in slots.items():
            critical[issue] += slot.is_critical
    return {issue: count / len(outcomes) for issue, count in critical.items()}, ends


@pytest.mark.parametrize(
    ("issues", "pairs"),
    [("ABC", "A→B"), ("ABCD", "A→B,A→C,B→D,C→D"), ("ABCDE", "A→B"), ("ABCD", "A→B,B→A,B→C"), ("ABCDEF", "")],
)
def test_shares_are_those_of_all_outcomes(issues, pairs):
    """Within four standard errors; issues that stand alone are drawn together, and so are exact in distribution."""
    expected, ends = exact(issues, pairs, VALUES)
    durations = {issue: Duration("team_type", VALUES) for issue in issues}
    found = simulate(plan(issues, edges(pairs) if pairs else []), durations, SEED, TRIALS)
    for issue, share in expected.items():
        error = 4 * np.sqrt(share * (1 - share) / TRIALS)
        assert found.criticality[issue] == pytest.approx(share, abs=error + 1e-12), issue
    for p in (0.5, 0.85):
        by = sorted(ends)
        shares = np.cumsum([ends[length] for length in by])
        near = {by[int(np.searchsorted(shares, p + shift))] for shift in (-0.02, 0.02)}
        assert found.finish(p) in near


def test_work_in_progress_never_takes_less_than_half_a_day():
    durations = {"A": Duration("team_type", VALUES, age=9.0, least=0.5), "B": Duration("default", np.array([0.25]))}
    found = simulate(plan("AB", []), durations, SEED, 1000)
    assert (found.finish(0.5), found.finish(0.85)) == (0.5, 0.5)
    assert found.criticality == {"A": 1.0, "B": 0.0}


def test_the_same_seed_gives_the_same_and_another_scope_another():
    durations = {issue: Duration("team_type", np.arange(1.0, 30.0)) for issue in "ABCDE"}
    laid = plan("ABCDE", edges("A→B,C→D"))
    as_of = np.datetime64("2026-11-16").item()
    seeds = [seed_sequence(20260101, scope, as_of, "critical_path") for scope in ("PAY", "PAY", "WEB")]
    first, again, other = (simulate(laid, durations, seed, 1000) for seed in seeds)
    assert first.criticality == again.criticality
    assert (first.finishes == again.finishes).all()
    assert (first.finishes != other.finishes).any()
    assert first.finish(0.5) <= first.finish(0.85)


def test_large_scopes_get_fewer_whole_blocks(monkeypatch):
    monkeypatch.setattr(simulated, "DRAWS", 1_000_000)
    assert [affordable_trials(10_000, issues) for issues in (0, 100, 300, 5000)] == [10_000, 10_000, 3000, 1000]
