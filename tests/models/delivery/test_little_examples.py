"""Little's law on the models: example F4 of METRICS.md section 3.5 and invariant 13."""

from datetime import timedelta

import pytest
from built_models import Build, Built
from event_log import EventLog, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WANTED = ("+mart_flow_metrics_daily",)

FLOW = "mart.mart_flow_metrics_daily"
DAY = 86400


def spans(*periods: tuple[float, float | None]) -> EventLog:
    """Issues in progress from and to these days after the first of March."""
    log = EventLog()
    for number, (start, end) in enumerate(periods):
        issue = log.issue(f"L-{number}").move(at("03-01") + timedelta(days=start), "doing")
        if end is not None:
            issue.move(at("03-01") + timedelta(days=end), "done")
    return log


def window(days: int) -> dict[str, dict[str, int]]:
    return {"forecast": {"history_days": days, "min_days": min(days, 28)}}


def law(built: Built, day: str) -> list[float]:
    row = built.one(FLOW, f"scope_type = 'project' and date = date '{day}'")
    cycle_days = None if row["mean_cycle_time_s"] is None else row["mean_cycle_time_s"] / DAY
    return [row["mean_wip"], row["departures_per_day"], cycle_days, row["little_residual"]]


def test_f4_little(build_models: Build) -> None:
    log = spans((0, 3), (1, 5), (2, 4), (4, 8), (6, 10))
    # The tenth day ends where the last issue does, so the window is [0, 10) and one instant.
    whole = build_models(log, as_of=at("03-12T12"), metrics=window(10))
    assert law(whole, "2026-03-11") == pytest.approx([1.6, 0.5, 3.4, 0.1 / 1.6], abs=1e-9)
    shifted = spans(*((start - 0.001, end - 0.001) for start, end in ((0.001, 3), (1, 5), (2, 4), (4, 8), (6, 10))))
    built = build_models(shifted, as_of=at("03-12T12"), metrics=window(10))
    assert law(built, "2026-03-10") == pytest.approx([1.7, 0.5, 3.4, 0], abs=1e-3)
    part = build_models(shifted, as_of=at("03-12T12"), metrics=window(4))
    assert law(part, "2026-03-06") == pytest.approx([2.0, 0.75, 3.0, 0.125], abs=2e-3)
    row = part.one(FLOW, "scope_type = 'project' and date = date '2026-03-06'")
    assert (row["wip_span"], row["wip_growth"], row["is_stable"]) == (2, -1, True)


def test_nothing_in_progress_has_no_residual(build_models: Build) -> None:
    built = build_models(spans((0, 1)), as_of=at("05-01T12"), metrics=window(28))
    assert law(built, "2026-04-30") == [0, 0, None, None]
    assert built.one(FLOW, "scope_type = 'project' and date = date '2026-04-30'")["is_stable"] is None


def test_age_grows_by_what_stays(build_models: Build) -> None:
    """One issue stays for good; another comes and goes within the window, and leaves no trace at either end."""
    built = build_models(spans((0, None), (40, 50)), as_of=at("05-01T12"), metrics=window(28))
    row = built.one(FLOW, "scope_type = 'project' and date = date '2026-04-30'")
    assert (row["age_growth_s"], row["wip_growth"], row["wip_span"]) == (28 * DAY, 0, 1)
    assert row["little_residual"] == pytest.approx(28 / 38)


periods = st.lists(
    st.tuples(st.integers(1, 25 * 24), st.integers(1, 200)).map(
        lambda one: (one[0] / 24, min((one[0] + one[1]) / 24, 27.5))),
    min_size=1, max_size=8,
)


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(periods)
def test_an_empty_system_at_both_ends_leaves_no_residual(
    build_models: Build, periods: list[tuple[float, float]]
) -> None:
    built = build_models(spans(*periods), as_of=at("03-29T12"), metrics=window(28))
    assert law(built, "2026-03-28")[3] == pytest.approx(0, abs=1e-9)
