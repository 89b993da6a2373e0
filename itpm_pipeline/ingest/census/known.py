"""What the warehouse knows of a tracker, for a census to look for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.canonical.shape import record_stamp
from itpm_pipeline.canonical.vocabulary import ContainerType, EntityKind, SprintKind
from itpm_pipeline.extract.source import Source
from itpm_pipeline.ingest.absences import Value
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.engine import Warehouse

_WITH_ISSUES = (ContainerType.JIRA_PROJECT.value, ContainerType.GITHUB_REPOSITORY.value)
_VERSION_KINDS = ("jira_version", "gh_milestone")


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """An issue in core. ``project``: native id of the project it was in when it was read last."""

    key: str
    project: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class KnownAbsence:
    """What the last census that noticed a change said of something."""

    is_absent: bool
    since: datetime | None


def native_id(entity_id: str) -> str:
    """The tracker's own id, which every canonical id ends with."""
    return entity_id.rpartition(":")[2]


class Known:
    """Looks into the warehouse when asked; thread-safe as the warehouse is."""

    def __init__(self, warehouse: Warehouse, source: Source) -> None:
        self._warehouse = warehouse
        self._tracker = source.tracker
        self._prefix = f"{source.kind}:{source.tracker}"

    def entity_id(self, native: str) -> str:
        """Canonical id of an issue or a project item."""
        return f"{self._prefix}:{native}"

    def projects(self) -> dict[str, str]:
        """Canonical ids of projects that hold issues, by native id."""
        project = core_table("project").c
        query = sa.select(project.project_id).where(
            project.instance == self._tracker, project.container_type.in_(_WITH_ISSUES)
        )
        return {native_id(found): found for (found,) in self._rows(query)}

    def absences(self, kind: EntityKind) -> dict[str, KnownAbsence]:
        """Everything of a kind that was missed at some time, by canonical id."""
        absence = core_table("absence").c
        query = sa.select(absence.entity_id, absence.is_absent, absence.since).where(
            absence.instance == self._tracker, absence.entity_kind == kind.value
        )
        return {row.entity_id: KnownAbsence(row.is_absent, row.since) for row in self._rows(query)}

    def issues(self) -> dict[str, KnownIssue]:
        """All issues in core, by native id."""
        issue = core_table("issue").c
        query = sa.select(issue.issue_id, issue.issue_key, issue.project_id, issue.is_deleted).where(
            issue.instance == self._tracker
        )
        return {
            native_id(row.issue_id): KnownIssue(
                row.issue_key or "", native_id(row.project_id or ""), bool(row.is_deleted)
            )
            for row in self._rows(query)
        }

    def landed(self, stream: str) -> set[str]:
        """Native ids of all records of a stream that were ever applied, be it in vain."""
        record = ops.SOURCE_RECORD.c
        query = sa.select(record.native_id).where(record.tracker == self._tracker, record.stream == stream)
        return {found for (found,) in self._rows(query)}

    def versions(self, project_id: str) -> set[str]:
        """Canonical ids of releases and milestones of a project."""
        version, sprint = core_table("release_version").c, core_table("sprint").c
        releases = sa.select(version.version_id).where(
            version.project_id == project_id, version.kind.in_(_VERSION_KINDS)
        )
        milestones = sa.select(sprint.sprint_id).where(
            sprint.project_id == project_id, sprint.kind == SprintKind.GITHUB_MILESTONE.value
        )
        return {found for query in (releases, milestones) for (found,) in self._rows(query)}

    def sprints(self) -> set[str]:
        """Canonical ids of sprints whose origin board tells its sprints: others may be there unseen."""
        sprint, board = core_table("sprint").c, core_table("board").c
        query = (
            sa.select(sprint.sprint_id)
            .join_from(core_table("sprint"), core_table("board"), sprint.board_id == board.board_id)
            .where(
                sprint.instance == self._tracker,
                sprint.kind == SprintKind.JIRA_SPRINT.value,
                board.sprint_support == "supported",
            )
        )
        return {found for (found,) in self._rows(query)}

    def values(self, stream: str, natives: Collection[str]) -> Mapping[str, tuple[Value, ...]]:
        """By native id of a record: what it said last of fields without history, those left out that were empty."""
        observation = core_table("field_observation").c
        stamps = {record_stamp(stream, native): native for native in natives}
        stamp = sa.func.substr(core_table("field_observation").c["_raw_hash"], 1, 16)
        query = (
            sa.select(stamp, observation.entity_id, observation.field, observation.scope, observation.value)
            .where(observation.instance == self._tracker, stamp.in_(list(stamps)))
            .order_by(observation.observed_at)
        )
        found: dict[str, dict[tuple[str, str, str], Value]] = {}
        for of, entity, field, scope, value in self._rows(query):
            found.setdefault(stamps[of], {})[entity, field, scope] = Value(entity, field, scope, value)
        return {
            native: tuple(one for one in latest.values() if one.value is not None) for native, latest in found.items()
        }

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with self._warehouse.reading() as conn:
            return conn.execute(query).all()
