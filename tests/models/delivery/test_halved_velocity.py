"""A team that loses half of its pace within its history: from the event log to the verdict on its forecasts."""

from datetime import datetime, timedelta

import pytest
from built_models import Build
from event_log import EventLog

WANTED = ("+mart_delivery_forecast",)
NOW = datetime.fromisoformat("2026-11-16T08:00:00+00:00")
DAYS, CHANGED, OPEN = 450, 150, 60


def history(pace_after: int) -> EventLog:
    """Two issues are done a day, from 150 days ago ``pace_after``; as many are created, so that 60 stay open."""
    log = EventLog()
    done = [ago for ago in range(DAYS, 0, -1) for _ in range(2 if ago > CHANGED else pace_after)]
    for number in range(OPEN):
        log.issue(f"OPEN-{number}", created=NOW - timedelta(days=DAYS + 1))
    for number, ago in enumerate(done):
        finish = NOW - timedelta(days=ago)
        log.issue(f"DONE-{number}", created=finish - timedelta(hours=1)).move(finish, "done")
    return log


@pytest.mark.parametrize(("pace_after", "shown", "days_at_85", "items_at_85"), [
    (1, {"overconfident"}, ("overconfident", 14, 22), ("consistent", 20, 26)),
    (2, {"underconfident", "consistent"}, ("underconfident", 24, 24), ("underconfident", 26, 26)),
])
def test_whose_velocity_halves_gets_a_warning_on_every_forecast(
    build_models: Build, pace_after: int, shown: set[str], days_at_85: tuple[str, int, int],
    items_at_85: tuple[str, int, int],
) -> None:
    """How many is promised too high in six of 26 back-tests only: no case by itself, but when tells for both."""
    built = build_models(history(pace_after), as_of=NOW)
    judged = {
        row["kind"]: (row["verdict"], row["hit_count"], row["origin_count"])
        for row in built.rows("mart.mart_forecast_calibration", "scope_type = 'project' and percentile = 0.85")
    }
    assert judged == {"when": days_at_85, "many": items_at_85}
    forecasts = built.rows("mart.mart_delivery_forecast", "scope_type = 'project'")
    for kind in ("when", "many"):
        assert {row["effective_verdict"] for row in forecasts if row["kind"] == kind} == shown
    assert {row["percentile"] for row in forecasts} == {0.5, 0.7, 0.85, 0.95}
