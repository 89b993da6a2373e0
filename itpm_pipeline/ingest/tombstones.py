"""Marks rows of what a census missed.

Which rows are marked follows from the rows themselves and from ``core.absence`` alone, whatever came first: what was
read after it had been missed is there, what was missed after it had been read is gone. So the marks are settled anew
whenever either changed, in the same transaction.
"""

from typing import Any

import sqlalchemy as sa

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.canonical.vocabulary import AbsenceReason
from itpm_pipeline.warehouse.load import MergeCounts

_ABSENCE = core_table("absence")

MARKED = frozenset({"absence", "issue", "project", "sprint", "release_version"})
"""Tables whose change may change a mark."""


def settle(conn: sa.Connection, tracker: str) -> dict[str, MergeCounts]:
    """Bring all marks of a tracker up to date; returns how many rows of which table changed."""
    is_any_absent = sa.select(_ABSENCE.c.entity_id).where(_ABSENCE.c.instance == tracker).limit(1)
    if conn.execute(is_any_absent).first() is None:
        return {}
    return {
        "issue": _settle_issues(conn, tracker),
        "project": _settle_projects(conn, tracker),
        **{name: _settle_deleted(conn, tracker, name) for name in ("sprint", "release_version")},
    }


def _settle_issues(conn: sa.Connection, tracker: str) -> MergeCounts:
    """An issue is gone by itself, or with its whole project."""
    issue = core_table("issue")
    read, own, whole = issue.alias("read"), _ABSENCE.alias("own"), _ABSENCE.alias("whole")
    verdict = (
        sa.select(
            read.c.issue_id,
            sa.case((own.c.since.is_not(None), own.c.since), else_=whole.c.since).label("since"),
            sa.case(
                (own.c.since.is_not(None), own.c.reason),
                (whole.c.reason == AbsenceReason.OUT_OF_SCOPE.value, AbsenceReason.OUT_OF_SCOPE.value),
                (whole.c.since.is_not(None), AbsenceReason.PERMISSION_LOST.value),
            ).label("reason"),
            own.c.successor_id,
        )
        .select_from(
            read.outerjoin(own, _is_missed(own, read.c.issue_id, read)).outerjoin(
                whole, _is_missed(whole, read.c.project_id, read)
            )
        )
        .where(read.c.instance == tracker)
        .subquery("verdict")
    )
    return _update(conn, issue, verdict, {
        "is_deleted": verdict.c.since.is_not(None),
        "deleted_observed_at": verdict.c.since,
        "deleted_reason": verdict.c.reason,
        "successor_issue_id": verdict.c.successor_id,
    })  # fmt: skip


def _settle_projects(conn: sa.Connection, tracker: str) -> MergeCounts:
    """Whether issues of a project can be read is seen in every sync, so there is no question what came first."""
    project = core_table("project")
    verdict = (
        sa.select(
            _ABSENCE.c.entity_id.label("project_id"),
            sa.not_(_ABSENCE.c.is_absent).label("is_readable"),
            sa.func.coalesce(_ABSENCE.c.detail, _ABSENCE.c.reason).label("skip_reason"),
        )
        .where(_ABSENCE.c.instance == tracker)
        .subquery("verdict")
    )
    return _update(conn, project, verdict, {
        "is_readable": verdict.c.is_readable, "skip_reason": verdict.c.skip_reason,
    })  # fmt: skip


def _settle_deleted(conn: sa.Connection, tracker: str, name: str) -> MergeCounts:
    table = core_table(name)
    key = table.info["key"][0]
    read = table.alias("read")
    verdict = (
        sa.select(read.c[key], _ABSENCE.c.since)
        .select_from(read.outerjoin(_ABSENCE, _is_missed(_ABSENCE, read.c[key], read)))
        .where(read.c.instance == tracker)
        .subquery("verdict")
    )
    return _update(conn, table, verdict, {"is_deleted": verdict.c.since.is_not(None)})


def _is_missed(
    absence: sa.FromClause, entity_id: sa.ColumnElement[str], read: sa.FromClause
) -> sa.ColumnElement[bool]:
    return sa.and_(absence.c.entity_id == entity_id, absence.c.is_absent, absence.c.since > read.c.synced_at)


def _update(
    conn: sa.Connection, table: sa.Table, verdict: sa.Subquery, values: dict[str, sa.ColumnElement[Any]]
) -> MergeCounts:
    key = table.info["key"][0]
    differs = sa.or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
    changed = conn.execute(
        sa.update(table).where(table.c[key] == verdict.c[key], differs).values(values).returning(table.c[key])
    )
    return MergeCounts(updated=len(changed.all()))
