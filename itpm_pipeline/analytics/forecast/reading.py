"""Scopes and settings of forecasts from the tables that SQL models prepared."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from itpm_pipeline.analytics.columns import COUNT, DAY, FLAG, TEXT, Relation, read
from itpm_pipeline.analytics.forecast.scope import Days, Part, Scope, counted_days
from itpm_pipeline.analytics.parameters import Parameters
from itpm_pipeline.metric_settings import BacktestSettings, ForecastSettings

SCOPE = {
    "scope_type": TEXT, "scope_id": TEXT, "today": DAY, "first_date": DAY, "target_date": DAY, "calendar_id": TEXT,
    "calibration_scope_type": TEXT, "calibration_scope_id": TEXT,
}  # fmt: skip
CHANGE = {
    "scope_type": TEXT, "scope_id": TEXT, "part_id": TEXT, "date": DAY, "delivered_count": COUNT, "open_change": COUNT,
}  # fmt: skip
PAIRS = ("percentiles", "split_factor")
FLAGS = ("working_days_only",)


def forecast_settings(parameters: Parameters) -> ForecastSettings:
    """The settings as they were validated, read back from their table."""
    values: dict[str, Any] = {}
    backtest: dict[str, Any] = {}
    for path, found in parameters.settings.items():
        section, _, name = path.rpartition(".")
        value: Any = found if name in PAIRS else found[0] == "true" if name in FLAGS else found[0]
        if section == "forecast":
            values[name] = value
        elif section == "forecast.backtest":
            backtest[name] = value
    return ForecastSettings(**values, backtest=BacktestSettings(**backtest))


def config_version(build_parameter: Relation) -> str:
    """Hash of the settings behind the build."""
    (row,) = read(build_parameter, {"config_version": TEXT}).to_pylist()
    version: str = row["config_version"]
    return version


def read_scopes(
    scope: Relation, change: Relation, calendar_day: Relation, settings: ForecastSettings
) -> list[Scope]:
    """Every scope with its parts, in an order of their own."""
    changes: defaultdict[tuple[str, str], defaultdict[str, list[dict[str, Any]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in read(change, CHANGE, ("scope_type", "scope_id", "part_id", "date")).to_pylist():
        changes[row["scope_type"], row["scope_id"]][row["part_id"]].append(row)
    working = _working_days(calendar_day) if settings.working_days_only else None
    found = []
    for row in read(scope, SCOPE, ("scope_type", "scope_id")).to_pylist():
        today, first = row["today"], row["first_date"]
        days = None if working is None else working.get(row["calendar_id"], [])
        past, coming = counted_days(today, first, settings.cap_days, days)
        parts = changes[row["scope_type"], row["scope_id"]]
        found.append(
            Scope(
                row["scope_type"], row["scope_id"], today, row["target_date"],
                (row["calibration_scope_type"], row["calibration_scope_id"]), past, coming,
                tuple(_part(name, rows, past, today) for name, rows in parts.items()),
            )
        )  # fmt: skip
    return found


def _part(name: str, rows: Sequence[dict[str, Any]], past: Days, today: date) -> Part:
    """Days without a row are days on which nothing happened; the day before the first sums up all before it."""
    days = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    # What falls on a day that is not counted counts on the one before it.
    position = np.searchsorted(past, days, side="right") - 1
    is_past = (position >= 0) & (days < np.datetime64(today))
    delivered, moved = np.zeros(len(past), dtype=np.int64), np.zeros(len(past), dtype=np.int64)
    change = np.array([row["open_change"] for row in rows], dtype=np.int64)
    np.add.at(delivered, position[is_past], np.array([row["delivered_count"] for row in rows])[is_past])
    np.add.at(moved, position[is_past], change[is_past])
    before = int(change[position < 0].sum())
    return Part(
        name=name,
        delivered=delivered,
        open_items=before + np.cumsum(moved),
        first=max(int(position.min()), 0),
        remaining=int(change.sum()),
    )


def _working_days(calendar_day: Relation) -> dict[str, list[date]]:
    found: defaultdict[str, list[date]] = defaultdict(list)
    for row in read(calendar_day, {"calendar_id": TEXT, "date": DAY, "is_working": FLAG}).to_pylist():
        if row["is_working"]:
            found[row["calendar_id"]].append(row["date"])
    return found
