"""``python -m bench.forecast``: how long forecasts of many scopes take, against only drawing their random numbers."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from time import perf_counter, process_time

import numpy as np

from bench.table import table
from itpm_pipeline.analytics.forecast.scope import Part, Scope, counted_days
from itpm_pipeline.analytics.forecast.tables import calibration_table, forecast_table
from itpm_pipeline.analytics.simulation import TRIALS_PER_BLOCK, generators, seed_sequence
from itpm_pipeline.metric_settings import ForecastSettings

TODAY = date(2026, 11, 16)
AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)
SCOPES = 50
KINDS = 2


def main() -> int:
    """Print one table."""
    settings = ForecastSettings()
    scopes = [_scope(number, settings) for number in range(SCOPES)]
    simulated, cpu = _timed(lambda: forecast_table(scopes, {}, {}, settings, AS_OF, "bench"))
    _, floor_cpu = _timed(lambda: _draw(scopes, settings))
    judged, judged_cpu = _timed(lambda: calibration_table(scopes, settings, AS_OF, "bench"))
    rows = [
        (f"forecasts, {settings.trials:,} trials", SCOPES, simulated, cpu, floor_cpu, f"{cpu / floor_cpu:.1f}"),
        ("back-tests of a year", SCOPES, judged, judged_cpu, None, ""),
    ]
    heading = f"Forecasts on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(table(heading, ("what", "scopes", "seconds", "CPU", "CPU to draw alone", "ratio"), rows))
    return 0


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor: on a busy machine the one says little without the other."""
    began, spent = perf_counter(), process_time()
    work()
    return perf_counter() - began, process_time() - spent


def _draw(scopes: Sequence[Scope], settings: ForecastSettings) -> None:
    """Only the random numbers."""
    for scope in scopes:
        for _ in range(KINDS):
            for generator in generators(seed_sequence(1, scope.key, TODAY, "bench"), settings.trials):
                generator.integers(0, settings.history_days, size=(TRIALS_PER_BLOCK, settings.cap_days))


def _scope(number: int, settings: ForecastSettings) -> Scope:
    """A team with a pace between one item in two days and four a day, and a backlog for three months."""
    chance = np.random.default_rng(number)
    pace = 0.5 + 3.5 * number / SCOPES
    days = settings.history_days + settings.backtest.lookback_days
    past, coming = counted_days(TODAY, TODAY - timedelta(days=days), settings.cap_days, None)
    remaining = round(90 * pace)
    part = Part("team", chance.poisson(pace, days), np.full(days, remaining), 0, remaining)
    return Scope("team", f"team-{number}", TODAY, None, ("team", f"team-{number}"), past, coming, (part,))


if __name__ == "__main__":
    sys.exit(main())
