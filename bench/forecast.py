"""How long forecasts of many scopes take, against only drawing their random numbers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from time import perf_counter, process_time
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ForecastBench:
    """Seconds on the wall and of processor time; ``floor_cpu``: to draw the random numbers alone."""

    scopes: int
    trials: int
    seconds: float
    cpu: float
    floor_cpu: float
    back_test_seconds: float
    back_test_cpu: float

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries."""
        return asdict(self)

    def to_text(self) -> str:
        """As a table."""
        rows = [
            (f"forecasts, {self.trials:,} trials", self.scopes, self.seconds, self.cpu, self.floor_cpu,
             f"{self.cpu / self.floor_cpu:.1f}"),
            ("back-tests of a year", self.scopes, self.back_test_seconds, self.back_test_cpu, None, ""),
        ]  # fmt: skip
        return table("Forecasts", ("what", "scopes", "seconds", "CPU", "CPU to draw alone", "ratio"), rows)


def bench_forecast(count: int = SCOPES) -> ForecastBench:
    """Measure with so many scopes."""
    settings = ForecastSettings()
    scopes = [_scope(number, settings) for number in range(count)]
    seconds, cpu = _timed(lambda: forecast_table(scopes, {}, {}, settings, AS_OF, "bench"))
    _, floor_cpu = _timed(lambda: _draw(scopes, settings))
    judged, judged_cpu = _timed(lambda: calibration_table(scopes, settings, AS_OF, "bench"))
    return ForecastBench(count, settings.trials, seconds, cpu, floor_cpu, judged, judged_cpu)


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
