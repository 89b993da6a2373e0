"""What the mapping of a record must know besides the record: made from reference records and settings."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from itpm_pipeline.canonical.vocabulary import EventField
from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.fields import FieldRoles, find_roles
from itpm_pipeline.sources.jira.settings import MAPPING_VERSION

if TYPE_CHECKING:  # Settings are not needed where records are mapped.
    from itpm_pipeline.config import JiraTracker


@dataclass(frozen=True)
class JiraContext:
    """Reference records by native id, and the meaning drawn from them.

    ``tracker`` is the name in program.yaml; ``*_types`` are issue type names in lower case.
    """

    tracker: str
    roles: FieldRoles = field(default_factory=FieldRoles)
    incident_types: frozenset[str] = frozenset()
    risk_types: frozenset[str] = frozenset()
    boards: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    configurations: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    board_projects: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    board_sprints: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    sprint_ids: frozenset[str] = frozenset()
    """Sprints that boards list. Others are known only from the issues in them."""
    field_names: Mapping[str, str] = field(default_factory=dict)
    """Native id of a field to its name in lower case."""
    not_delivered: frozenset[str] = frozenset()
    """Resolutions in lower case by which nothing was delivered; models classify again by the list of program.yaml."""

    def ref(self, word: str, native_id: Any) -> str:
        """Canonical id of an entity that is not an issue: ``jira:acme-jira:sprint:37``."""
        return f"jira:{self.tracker}:{word}:{native_id}"

    def issue_ref(self, native_id: Any) -> str:
        """Canonical id of an issue: ``jira:acme-jira:10042``."""
        return f"jira:{self.tracker}:{native_id}"

    @cached_property
    def points_fields(self) -> tuple[str, ...]:
        """Estimation fields of all boards, then fields that are points by their name."""
        used = {estimation[0] for board in self.configurations if (estimation := self.estimation_field(board))}
        return tuple(dict.fromkeys([*sorted(used), *self.roles.points_by_name]))

    @cached_property
    def _points_by_project(self) -> dict[str, tuple[str, ...]]:
        """Project (id, and key as well) to the estimation fields of its own boards, then those of others.

        Projects in which that is the order of :attr:`points_fields` anyway are left out.
        """
        own: dict[str, list[str]] = {}
        # A scrum board's choice counts before that of a kanban board, whose estimation is seldom looked after.
        order = sorted(self.configurations, key=lambda board: (self.board_type(board) != "scrum", _natural(board)))
        for board in order:
            estimation = self.estimation_field(board)
            if estimation:
                for project in self._projects_of(board):
                    own.setdefault(project, []).append(estimation[0])
        every = self.points_fields
        merged = {project: tuple(dict.fromkeys([*fields, *every])) for project, fields in own.items()}
        return {project: fields for project, fields in merged.items() if fields != every}

    @cached_property
    def event_fields(self) -> dict[str, EventField]:
        """What changes of custom fields are changes of, by the fields' ids and by their item names; not estimation."""
        roles = self.roles
        by_id = {
            **dict.fromkeys(roles.sprint, EventField.SPRINT),
            **dict.fromkeys(roles.epic_link, EventField.PARENT),
            **dict.fromkeys(roles.flagged, EventField.FLAGGED),
            **dict.fromkeys(roles.team, EventField.TEAM),
            **dict.fromkeys(roles.start_date, EventField.START_DATE),
        }
        return {self.item_name(name): field for name, field in by_id.items()} | by_id

    def item_name(self, field_id: str) -> str:
        """What a custom field is called in histories of sites whose entries have no ``fieldId``."""
        return f"custom:{self.field_names.get(field_id) or field_id}"

    def points_fields_of(self, project: str) -> tuple[str, ...]:
        """Fields that may hold the points of an issue, best first; ``project`` is its native id or its key."""
        return self._points_by_project.get(project, self.points_fields)

    def estimation_field(self, board: str) -> tuple[str, str | None] | None:
        """Custom field (id, name) a board estimates in; None: it counts issues or estimates in time."""
        estimation = self.configurations.get(board, {}).get("estimation")
        chosen = estimation.get("field") if isinstance(estimation, dict) else None
        if not isinstance(chosen, dict) or not str(chosen.get("fieldId")).startswith("customfield_"):
            return None
        return str(chosen["fieldId"]), chosen.get("displayName")

    def board_type(self, board: str) -> str | None:
        """``scrum``, ``kanban`` or ``simple`` as Jira says."""
        found = self.boards.get(board, {}).get("type") or self.configurations.get(board, {}).get("type")
        return str(found) if found else None

    def _projects_of(self, board: str) -> list[str]:
        """Ids and keys of the projects a board shows."""
        shown = self.board_projects.get(board, {}).get("projects") or []
        location = self.boards.get(board, {}).get("location")
        if isinstance(location, dict) and location.get("projectId"):
            shown = [{"id": location["projectId"], "key": location.get("projectKey")}, *shown]
        names = [str(name) for project in shown for name in (project.get("id"), project.get("key")) if name]
        return list(dict.fromkeys(names))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that decides how issues and their histories are mapped.

        Boards' rows are mapped again with the record that changed; the listed sprints only decide which of two equal
        descriptions is used. Neither is part of it, so that a new board or sprint does not remap all issues.
        """
        meaning = {
            "version": MAPPING_VERSION,
            "tracker": self.tracker,
            "roles": {name: getattr(self.roles, name) for name in FieldRoles.__slots__ if name != "numbers"},
            "points": self.points_fields,
            "points_by_project": self._points_by_project,
            "points_names": sorted((name, self.field_names.get(name, "")) for name in self.points_fields),
            "incident_types": sorted(self.incident_types),
            "risk_types": sorted(self.risk_types),
        }
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def build_context(tracker: "JiraTracker", reference: Iterable[RawRecord]) -> JiraContext:
    """Context from the newest version of every reference record of a tracker, in any order."""
    by_stream: dict[str, dict[str, dict[str, Any]]] = {}
    sprint_ids: list[str] = []
    for record in reference:
        if record.stream == "sprints":
            sprint_ids.append(record.native_id)
        else:
            by_stream.setdefault(record.stream, {})[record.native_id] = json_text.loads(record.payload)
    fields = by_stream.get("fields", {})
    # Processes that only map do without the library of settings, which takes longer to load than all they need.
    from itpm_pipeline.metric_settings import SprintSettings  # noqa: PLC0415

    return JiraContext(
        tracker=tracker.name,
        roles=find_roles(fields.values(), team_field=tracker.team_field, start_date_field=tracker.start_date_field),
        incident_types=frozenset(name.lower() for name in tracker.incident_types),
        risk_types=frozenset(name.lower() for name in tracker.risk_types),
        boards=by_stream.get("boards", {}),
        configurations=by_stream.get("board_configurations", {}),
        board_projects=by_stream.get("board_projects", {}),
        board_sprints=by_stream.get("board_sprints", {}),
        sprint_ids=frozenset(sprint_ids),
        field_names={name: str(found.get("name") or "").lower() for name, found in fields.items()},
        not_delivered=frozenset(name.lower() for name in SprintSettings().not_delivered_resolutions),
    )


def _natural(native_id: str) -> tuple[int, str]:
    return (int(native_id) if native_id.isdecimal() else 0, native_id)
