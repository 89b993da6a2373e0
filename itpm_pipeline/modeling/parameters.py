"""Hands settings to the SQL models as two tables, because models have no other way to learn them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from itpm_pipeline.metric_settings import MetricSettings

_metadata = sa.MetaData(schema="ops")

BUILD_PARAMETER = sa.Table(
    "build_parameter",
    _metadata,
    sa.Column("as_of", sa.DateTime(timezone=True), comment="Instant that all metrics are computed for."),
    sa.Column("config_version", sa.Text, comment="SHA-256 of the canonical form of the metric settings."),
    sa.Column("close_grace_seconds", sa.BigInteger, comment="Leaving a sprint this shortly before its close counts as roll-over."),
    sa.Column("rolling_k", sa.BigInteger, comment="Sprints in rolling velocity figures."),
    sa.Column("min_sprints", sa.BigInteger, comment="Fewer closed sprints than this give no rolling figure."),
    sa.Column("include_subtasks", sa.Boolean, comment="Count sub-tasks in sprints."),
    sa.Column("done_basis_jira", sa.Text, comment="What done means in Jira: board_column, status_category or closed."),
    sa.Column("done_basis_github", sa.Text, comment="What done means on GitHub: board_column, status_category or closed."),
    sa.Column("cycle_mode", sa.Text, comment="first_start_last_done or wipe_on_backward."),
    sa.Column("min_sample", sa.BigInteger, comment="Fewer items than this give no percentile."),
    sa.Column("history_days", sa.BigInteger, comment="Days of history behind flow percentiles."),
    sa.Column("iteration_timezone", sa.Text, comment="IANA zone in which iteration dates become instants."),
    sa.Column("stale_days", sa.BigInteger, comment="Days without an update after which a blocker is stale."),
    sa.Column("min_confidence", sa.Double, comment="Dependency edges below this confidence do not count."),
    sa.Column("default_timezone", sa.Text, comment="IANA zone of programs that name none."),
    sa.Column("dependency_sev2_amber_max", sa.BigInteger, comment="More edges of severity 2 than this are red."),
    sa.Column("predictability_green", sa.Double, comment="Commitment reliability from which a program is green."),
    sa.Column("predictability_amber", sa.Double, comment="Commitment reliability from which a program is amber."),
    sa.Column("score_amber", sa.Double, comment="Risk score from which a program is amber."),
    sa.Column("score_red", sa.Double, comment="Risk score from which a program is red."),
    comment="One row: the instant and the numeric settings of the build.",
)

SETTING_VALUE = sa.Table(
    "setting_value",
    _metadata,
    sa.Column("setting", sa.Text, comment="Name, for example percentiles, risk.weights.cost, link_outward_role:Blocks."),
    sa.Column("ordinal", sa.BigInteger, comment="Position in a list, from 0; 0 for single values."),
    sa.Column("value", sa.Text, comment="The value as text."),
    comment="One row per metric setting and position in its list.",
)


def write_parameters(connection: sa.Connection, *, as_of: datetime, settings: MetricSettings) -> None:
    """Replace both tables. ``as_of`` must be aware."""
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    _create(connection)
    connection.execute(sa.delete(BUILD_PARAMETER))
    connection.execute(sa.insert(BUILD_PARAMETER), [build_parameters(as_of, settings)])
    connection.execute(sa.delete(SETTING_VALUE))
    connection.execute(sa.insert(SETTING_VALUE), list(setting_values(settings)))


def _create(connection: sa.Connection) -> None:
    for table in (BUILD_PARAMETER, SETTING_VALUE):
        connection.execute(sa.schema.CreateTable(table, if_not_exists=True))


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
