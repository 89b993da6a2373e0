"""How metrics are computed: METRICS.md section 5.6 with its defaults, overridden by ``metrics:`` of program.yaml."""

import json
from datetime import date
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone such as Europe/Berlin")
    return name


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(set(values)):
        raise ValueError(f"{list(values)} must rise from left to right")
    return values


def _falling(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(set(values), reverse=True):
        raise ValueError(f"{list(values)} must fall from left to right: [green from, amber from]")
    return values


def _distinct(values: tuple[float, float]) -> tuple[float, float]:
    if values[0] == values[1]:
        raise ValueError(f"{list(values)}: green and red must differ")
    return values


def _apart(increments: dict[str, tuple[date, date]]) -> dict[str, tuple[date, date]]:
    ordered = sorted(increments.items(), key=lambda one: one[1])
    for name, (first, last) in ordered:
        if first > last:
            raise ValueError(f"{name}: ends on {last}, before it begins on {first}")
    for (name, (_, last)), (following, (first, _)) in pairwise(ordered):
        if first <= last:
            raise ValueError(f"{name} and {following} overlap")
    return increments


Zone = Annotated[str, AfterValidator(_zone)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Percentiles = Annotated[
    tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=1), AfterValidator(_rising)
]
Rising = Annotated[tuple[float, float], AfterValidator(_rising)]
Falling = Annotated[tuple[float, float], AfterValidator(_falling)]
GreenRed = Annotated[tuple[float, float], AfterValidator(_distinct)]
"""``[green, red]``; either may be the greater one (METRICS.md 5.1)."""
Increments = Annotated[dict[str, tuple[date, date]], AfterValidator(_apart)]
"""Program increments by name: first and last day."""
DoneBasisName = Literal["board_column", "status_category", "closed"]
Driver = Literal[
    "forecast_slip", "dependency", "scope_growth", "predictability", "cost", "ageing", "overload", "bus_factor",
    "staleness",
]
"""Drivers of the risk score; the last three are optional and have no weight by default."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeSettings(_Strict):
    """Time zones where nothing nearer names one."""

    program_timezone: Zone = "UTC"
    iteration_timezone: Zone = "UTC"
    week_start: Literal["monday", "sunday"] = "monday"
    increments: Increments = {}


class DoneBasis(_Strict):
    """What done means, per tracker kind."""

    jira: DoneBasisName = "board_column"
    github: DoneBasisName = "closed"


class SprintSettings(_Strict):
    """METRICS.md section 2."""

    done_basis: DoneBasis = DoneBasis()
    include_subtasks: bool = False
    close_grace_seconds: Count = 60
    rolling_k: Positive = 6
    min_sprints: Positive = 3
    not_delivered_resolutions: tuple[str, ...] = ("Won't Do", "Duplicate", "Cannot Reproduce", "Declined")

    @model_validator(mode="after")
    def _enough_sprints(self) -> Self:
        if self.min_sprints > self.rolling_k:
            raise ValueError(f"min_sprints {self.min_sprints} is more than rolling_k {self.rolling_k}")
        return self


class FlowSettings(_Strict):
    """METRICS.md section 3."""

    cycle_mode: Literal["first_start_last_done", "wipe_on_backward"] = "first_start_last_done"
    percentiles: Percentiles = (0.5, 0.7, 0.85, 0.95)
    min_sample: Positive = 10
    history_days: Positive = 180
    wait_statuses: tuple[str, ...] = ()
    blocked_labels: tuple[str, ...] = ("blocked",)
    in_progress_labels: tuple[str, ...] = ("in progress",)
    little_residual_warn: Share = 0.25


class BacktestSettings(_Strict):
    """Calibration of forecasts."""

    horizon_days: Positive = 14
    lookback_days: Positive = 365
    min_origins: Positive = 20


class ForecastSettings(_Strict):
    """METRICS.md section 3.3."""

    history_days: Positive = 84
    min_days: Positive = 28
    min_items: Positive = 10
    trials: Annotated[int, Field(ge=1000, multiple_of=1000)] = 10_000
    cap_days: Positive = 730
    base_seed: Count = 20260101
    percentiles: Percentiles = (0.5, 0.7, 0.85, 0.95)
    working_days_only: bool = False
    split_factor: tuple[Annotated[float, Field(ge=1)], Annotated[float, Field(ge=1)]] = (1.0, 1.0)
    backtest: BacktestSettings = BacktestSettings()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_days > self.history_days:
            raise ValueError(f"min_days {self.min_days} is more than history_days {self.history_days}")
        if self.split_factor[0] > self.split_factor[1]:
            raise ValueError(f"split_factor {list(self.split_factor)} must not fall")
        return self


class LinkType(_Strict):
    """Which end of a Jira link type blocks: the one whose page shows the link as outward, or the other."""

    outward: Literal["blocker", "blocked"]


class DependencySettings(_Strict):
    """METRICS.md section 4."""

    min_confidence: Share = 0.6
    stale_days: Positive = 14
    default_duration_days: Annotated[float, Field(gt=0)] = 5
    sequential: bool = True
    link_types: dict[str, LinkType] = {"Blocks": LinkType(outward="blocker"), "Depends": LinkType(outward="blocked")}


class ResourceSettings(_Strict):
    """METRICS.md section 5.3."""

    bus_factor_window_days: Positive = 180
    bus_factor_share: Share = 0.5
    overload_warn: Annotated[float, Field(gt=0)] = 1.0
    overload_red: Annotated[float, Field(gt=0)] = 1.2

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.overload_warn > self.overload_red:
            raise ValueError(f"overload_warn {self.overload_warn} is more than overload_red {self.overload_red}")
        return self


class RiskSettings(_Strict):
    """METRICS.md section 5.1."""

    weights: dict[Driver, Annotated[float, Field(ge=0)]] = {
        "forecast_slip": 0.25, "dependency": 0.20, "scope_growth": 0.15, "predictability": 0.15, "cost": 0.15,
        "ageing": 0.10,
    }
    thresholds: dict[Driver, GreenRed] = {
        "forecast_slip": (0, 15), "dependency": (0, 5), "scope_growth": (0.10, 0.30), "predictability": (0.90, 0.60),
        "cost": (1.00, 0.80), "ageing": (0.15, 0.50),
    }
    score_bands: Rising = (35, 65)
    min_coverage: Share = 0.5

    @model_validator(mode="after")
    def _every_weight_has_thresholds(self) -> Self:
        missing = sorted(set(self.weights) - set(self.thresholds))
        if missing:
            raise ValueError(f"risk drivers without thresholds: {', '.join(missing)}")
        if sum(self.weights.values()) <= 0:
            raise ValueError("at least one risk driver needs a weight above 0")
        return self


class RagSettings(_Strict):
    """Colours per dimension, METRICS.md section 5.1. Pairs are ``[green from, amber from]``."""

    gating: tuple[Literal["schedule", "cost", "dependency"], ...] = ("schedule", "cost", "dependency")
    cpi: Falling = (0.95, 0.85)
    spi_t: Falling = (0.95, 0.85)
    predictability: Falling = (0.80, 0.60)
    dependency_sev2_amber_max: Count = 2
    hysteresis_days: Positive = 2
    override_max_days: Positive = 14


class EvmSettings(_Strict):
    """METRICS.md section 5.4."""

    mode: Literal["agile_scope", "frozen_scope"] = "agile_scope"
    period: Literal["month"] = "month"


class ObjectiveSettings(_Strict):
    """METRICS.md section 5.5. Pairs are ``[green from, yellow from]``."""

    end_bands: Falling = (0.7, 0.4)
    inflight_gap: Falling = (-0.10, -0.25)


class MetricSettings(_Strict):
    """All settings of metrics. An unknown key or an out-of-order pair is an error, never a silent swap."""

    time: TimeSettings = TimeSettings()
    sprint: SprintSettings = SprintSettings()
    flow: FlowSettings = FlowSettings()
    forecast: ForecastSettings = ForecastSettings()
    dependency: DependencySettings = DependencySettings()
    resource: ResourceSettings = ResourceSettings()
    risk: RiskSettings = RiskSettings()
    rag: RagSettings = RagSettings()
    evm: EvmSettings = EvmSettings()
    objective: ObjectiveSettings = ObjectiveSettings()

    @cached_property
    def config_version(self) -> str:
        """SHA-256 of the canonical form (sorted JSON of all settings, defaults included), in hexadecimal."""
        return sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
