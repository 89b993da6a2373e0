"""Hands settings to the SQL models as two tables, because models have no other way to learn them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.warehouse.ops import BUILD_PARAMETER, SETTING_VALUE


def write_parameters(connection: sa.Connection, *, as_of: datetime, settings: MetricSettings) -> None:
    """Replace both tables. ``as_of`` must be aware."""
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    connection.execute(sa.delete(BUILD_PARAMETER))
    connection.execute(sa.insert(BUILD_PARAMETER), [build_parameters(as_of, settings)])
    connection.execute(sa.delete(SETTING_VALUE))
    connection.execute(sa.insert(SETTING_VALUE), list(setting_values(settings)))


def build_parameters(as_of: datetime, settings: MetricSettings) -> dict[str, Any]:
    """The one row of ops.build_parameter."""
    return {
        "as_of": as_of.astimezone(UTC),
        "config_version": settings.config_version,
        "close_grace_seconds": settings.sprint.close_grace_seconds,
        "rolling_k": settings.sprint.rolling_k,
        "min_sprints": settings.sprint.min_sprints,
        "include_subtasks": settings.sprint.include_subtasks,
        "done_basis_jira": settings.sprint.done_basis.jira,
        "done_basis_github": settings.sprint.done_basis.github,
        "cycle_mode": settings.flow.cycle_mode,
        "min_sample": settings.flow.min_sample,
        "history_days": settings.flow.history_days,
        "iteration_timezone": settings.time.iteration_timezone,
        "stale_days": settings.dependency.stale_days,
        "min_confidence": settings.dependency.min_confidence,
        "default_timezone": settings.time.program_timezone,
        "dependency_sev2_amber_max": settings.rag.dependency_sev2_amber_max,
        "predictability_green": settings.rag.predictability[0],
        "predictability_amber": settings.rag.predictability[1],
        "score_amber": settings.risk.score_bands[0],
        "score_red": settings.risk.score_bands[1],
    }


SHORT_NAMES = {
    "not_delivered_resolutions": "sprint.not_delivered_resolutions",
    "wait_statuses": "flow.wait_statuses",
    "blocked_labels": "flow.blocked_labels",
    "in_progress_labels": "flow.in_progress_labels",
    "percentiles": "flow.percentiles",
}
"""Names that models use for lists, beside the full path that every setting has."""


def setting_values(settings: MetricSettings) -> Iterator[dict[str, Any]]:
    """Rows of ops.setting_value: every setting by its path (``risk.weights.cost``), lists item by item.

    Besides, lists have the names of :data:`SHORT_NAMES`, and link types ``link_outward_role:{type}``.
    """
    short = {path: name for name, path in SHORT_NAMES.items()}
    for path, ordinal, value in _leaves(settings.model_dump(mode="json"), ()):
        dotted = ".".join(path)
        names = [dotted, *([short[dotted]] if dotted in short else [])]
        if path[:2] == ("dependency", "link_types"):
            names = [f"link_outward_role:{path[2]}"]
        for name in names:
            yield {"setting": name, "ordinal": ordinal, "value": value}


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    else:
        for ordinal, item in enumerate(value if isinstance(value, list) else [value]):
            yield path, ordinal, str(item).lower() if isinstance(item, bool) else str(item)
