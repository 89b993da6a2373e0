"""Forecasts and their calibration as tables (METRICS.md section 6, 19 and 20)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import SeedSequence

from itpm_pipeline.analytics.columns import COUNT, DAY, FLAG, INSTANT, NUMBER, TEXT, Relation, Schema, read, write
from itpm_pipeline.analytics.forecast.calibration import Verdict, calibrate, effective
from itpm_pipeline.analytics.forecast.resampling import (
    Counts,
    Kind,
    Trials,
    latest_day,
    least_items,
    simulate_many,
    simulate_when,
)
from itpm_pipeline.analytics.forecast.scope import Basis, Refusal, Scope, basis
from itpm_pipeline.analytics.simulation import seed_sequence, seed_text
from itpm_pipeline.metric_settings import ForecastSettings

CALIBRATION: Schema = {
    "scope_type": TEXT, "scope_id": TEXT, "kind": TEXT, "horizon_days": COUNT, "percentile": NUMBER,
    "origin_count": COUNT, "hit_count": COUNT, "undecided_count": COUNT, "coverage": NUMBER, "coverage_low": NUMBER,
    "coverage_high": NUMBER, "verdict": TEXT, "effective_verdict": TEXT, "pinball_loss": NUMBER,
    "as_of": INSTANT, "config_version": TEXT,
}  # fmt: skip
FORECAST: Schema = {
    "scope_type": TEXT, "scope_id": TEXT, "kind": TEXT, "horizon_days": COUNT, "percentile": NUMBER,
    "status": TEXT, "reason": TEXT, "remaining_count": COUNT, "value_days": COUNT, "value_date": DAY,
    "value_count": COUNT, "is_censored": FLAG, "dependency_date": DAY, "target_date": DAY,
    "probability_by_target": NUMBER, "verdict": TEXT, "effective_verdict": TEXT, "coverage": NUMBER,
    "calibration_origin_count": COUNT,
    "calibration_scope_type": TEXT, "calibration_scope_id": TEXT, "sample_first_date": DAY, "sample_last_date": DAY,
    "sample_days": COUNT, "sample_items": COUNT, "stream_count": COUNT, "sample_hash": TEXT, "trial_count": COUNT,
    "seed_entropy": TEXT, "numpy_version": TEXT, "as_of": INSTANT, "config_version": TEXT,
}  # fmt: skip
JUDGED = ("team", "project", "program")
"""Scopes with a past long enough to be judged; releases and epics are judged by the project they belong to."""

Row = dict[str, Any]
Finishes = Mapping[tuple[str, str, float], date | None]
"""Day by which the network of dependencies lets a scope be done, by scope type, scope id and percentile."""
UNJUDGED: Row = {
    "verdict": Verdict.INSUFFICIENT.value, "effective_verdict": Verdict.INSUFFICIENT.value, "coverage": None,
    "origin_count": 0,
}  # fmt: skip
"""Where nothing was ever back-tested."""

Judgement = Mapping[tuple[str, str, str, float], Row]
"""Row of the calibration by scope type, scope id, kind and percentile."""


def calibration_table(
    scopes: Sequence[Scope], settings: ForecastSettings, as_of: datetime, config_version: str
) -> pa.Table:
    """One row per team, project or program, kind of forecast and percentile."""
    rows = []
    for scope in scopes:
        if scope.type not in JUDGED:
            continue
        judged = calibrate(scope, settings)
        verdicts = {found.verdict for found in judged.values()}
        for (kind, p), found in judged.items():
            rows.append({
                "scope_type": scope.type, "scope_id": scope.id, "kind": kind.value,
                "horizon_days": settings.backtest.horizon_days, "percentile": p, "origin_count": found.origins,
                "hit_count": found.hits, "undecided_count": found.undecided, "coverage": found.coverage,
                "coverage_low": found.low, "coverage_high": found.high, "verdict": found.verdict.value,
                "effective_verdict": effective(found.verdict, verdicts).value, "pinball_loss": found.pinball,
                "as_of": as_of, "config_version": config_version,
            })  # fmt: skip
    return _table(CALIBRATION, rows)


def forecast_table(
    scopes: Sequence[Scope], judgement: Judgement, finishes: Finishes, settings: ForecastSettings, as_of: datetime,
    config_version: str,
) -> pa.Table:
    """One row per scope, kind of forecast, horizon and percentile, each with the verdict on such forecasts.

    Beside the finish by throughput, in which no issue waits for another, stands the one by dependencies, in which
    everybody can begin at once: work is done by neither before the later of both.
    """
    rows = []
    for scope in scopes:
        known = basis(scope, len(scope.past), settings)
        common = _common(scope, known) | {"as_of": as_of, "config_version": config_version}
        for kind, horizon, p, answer in _answers(scope, known, settings):
            judged = judgement.get((*scope.judged_by, kind.value, p), UNJUDGED)
            rows.append(common | answer | {
                "kind": kind.value, "horizon_days": horizon, "percentile": p, "verdict": judged["verdict"],
                "effective_verdict": judged["effective_verdict"], "coverage": judged["coverage"],
                "calibration_origin_count": judged["origin_count"],
                "dependency_date": finishes.get((scope.type, scope.id, p)) if kind is Kind.WHEN else None,
            })  # fmt: skip
    return _table(FORECAST, rows)


def read_judgement(calibration: Relation) -> Judgement:
    """The calibration as it was written."""
    schema = {name: CALIBRATION[name] for name in (
        "scope_type", "scope_id", "kind", "percentile", "verdict", "effective_verdict", "coverage",
        "origin_count",
    )}  # fmt: skip
    return {
        (row["scope_type"], row["scope_id"], row["kind"], row["percentile"]): row
        for row in read(calibration, schema).to_pylist()
    }


def read_finishes(critical_path: Relation) -> Finishes:
    """What the simulated critical path of each program and release says."""
    schema = {"scope_type": TEXT, "scope_id": TEXT, "scope_p50_date": DAY, "scope_p85_date": DAY}
    return {
        (row["scope_type"], row["scope_id"], p): row[column]
        for row in read(critical_path, schema).to_pylist()
        for p, column in ((0.5, "scope_p50_date"), (0.85, "scope_p85_date"))
    }


def horizons(scope: Scope, settings: ForecastSettings) -> list[int]:
    """Days for which to say how many: the one that back-tests use, and up to the target."""
    until_target = scope.days_until(scope.target) if scope.target else 0
    return sorted({settings.backtest.horizon_days, *([until_target] if 0 < until_target <= settings.cap_days else [])})


def _common(scope: Scope, known: Basis | Refusal) -> Row:
    """What all forecasts of a scope have in common."""
    row: Row = {
        "scope_type": scope.type, "scope_id": scope.id, "remaining_count": scope.remaining,
        "target_date": scope.target, "calibration_scope_type": scope.judged_by[0],
        "calibration_scope_id": scope.judged_by[1], "sample_days": known.days, "sample_items": known.items,
    }  # fmt: skip
    if isinstance(known, Refusal):
        return row | {"status": "insufficient_data", "reason": known.reason}
    return row | {
        "status": "ok", "sample_first_date": known.first_day, "sample_last_date": known.last_day,
        "stream_count": len(known.streams), "sample_hash": known.digest,
    }  # fmt: skip


def _answers(
    scope: Scope, known: Basis | Refusal, settings: ForecastSettings
) -> Iterator[tuple[Kind, int | None, float, Row]]:
    whens: Iterable[tuple[float, Row]] = ((p, {}) for p in settings.percentiles)
    if scope.remaining == 0:
        whens = ((p, _nothing_left(scope)) for p in settings.percentiles)
    elif isinstance(known, Basis):
        whens = _when(scope, known, settings)
    for p, answer in whens:
        yield Kind.WHEN, None, p, answer
    for horizon, p, answer in _many(scope, known, settings):
        yield Kind.MANY, horizon, p, answer


def _nothing_left(scope: Scope) -> Row:
    """All is done: no simulation is needed, and no history."""
    is_ahead = scope.target is not None and scope.target >= scope.today
    return {
        "status": "nothing_left", "reason": None, "value_days": 0, "value_date": scope.today, "is_censored": False,
        "probability_by_target": 1.0 if is_ahead else None,
    }  # fmt: skip


def _when(scope: Scope, known: Basis, settings: ForecastSettings) -> Iterator[tuple[float, Row]]:
    trials, seed = _simulation(scope, Kind.WHEN, settings)
    days = simulate_when(known.streams, seed, trials)
    common = _drawn(trials, seed) | {"probability_by_target": _share_by(scope, scope.target, days)}
    for p in settings.percentiles:
        value = latest_day(days, p)
        is_censored = value > trials.cap_days
        yield p, common | {
            "is_censored": is_censored, "value_days": None if is_censored else value,
            "value_date": None if is_censored else scope.day_after(value),
        }  # fmt: skip


def _many(scope: Scope, known: Basis | Refusal, settings: ForecastSettings) -> Iterator[tuple[int, float, Row]]:
    asked = horizons(scope, settings)
    if isinstance(known, Refusal):
        yield from ((horizon, p, {}) for horizon in asked for p in settings.percentiles)
        return
    trials, seed = _simulation(scope, Kind.MANY, settings)
    drawn = _drawn(trials, seed)
    for horizon, items in zip(asked, simulate_many(known.streams, asked, seed, trials), strict=True):
        yield from ((horizon, p, drawn | {"value_count": least_items(items, p)}) for p in settings.percentiles)


def _simulation(scope: Scope, kind: Kind, settings: ForecastSettings) -> tuple[Trials, SeedSequence]:
    trials = Trials(settings.trials, settings.cap_days, settings.split_factor)
    return trials, seed_sequence(settings.base_seed, scope.key, scope.today, kind.value)


def _drawn(trials: Trials, seed: SeedSequence) -> Row:
    return {"trial_count": trials.number, "seed_entropy": seed_text(seed), "numpy_version": np.__version__}


def _share_by(scope: Scope, target: date | None, days: Counts) -> float | None:
    return None if target is None else float(np.mean(days <= scope.days_until(target)))


def _table(schema: Schema, rows: Sequence[Row]) -> pa.Table:
    return write(schema, {name: [row.get(name) for row in rows] for name in schema})
