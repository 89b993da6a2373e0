"""Turns an issue's timeline into field events, by replaying it from the state the issue was created in.

Labels and assignees are sets on GitHub, and milestones are told by title. The replay turns them into what all
trackers have in common: one value before, one value after.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from itpm_pipeline.canonical.vocabulary import EventField, Provenance
from itpm_pipeline.sources.github.context import DUE_DATE_NAMES, START_DATE_NAMES, GithubContext
from itpm_pipeline.sources.github.mapping.events import (
    assignees_at_creation,
    columns_before_first_change,
    events_of,
    labels_at_creation,
    one_change_per_second,
    project_of,
    titles_of_milestone,
)
from itpm_pipeline.sources.github.mapping.status import Status, StatusTracker
from itpm_pipeline.sources.github.mapping.values import People, instant, issue_key, required

UNRESOLVED_TITLE = "title:"
"""Before a milestone's title where the issue's record does not tell its id."""


@dataclass(slots=True)
class Replay:
    """The timeline of one issue; :meth:`run` fills ``rows`` and leaves the state of today."""

    node: Mapping[str, Any]
    context: GithubContext
    people: People
    rows: list[dict[str, Any]] = field(default_factory=list)
    unknown_statuses: dict[str, Status] = field(default_factory=dict)
    removals: list[tuple[str, datetime]] = field(default_factory=list)
    """(project node id, instant) at which the issue left a project."""
    assignees: list[str] = field(init=False)
    labels: set[str] = field(init=False)
    milestone: str | None = None
    status: StatusTracker = field(init=False)
    _events: list[Mapping[str, Any]] = field(init=False)
    _milestone_ids: dict[str, str] = field(init=False)
    _first_columns: dict[str, str] = field(init=False)
    _ordinal: int = 0

    def __post_init__(self) -> None:
        self._events = events_of(self.node)
        self._milestone_ids = dict.fromkeys(
            titles_of_milestone(self.node, self._events), self.context.id((self.node.get("milestone") or {}).get("id"))
        )
        self._first_columns = columns_before_first_change(self._events)
        self.labels = labels_at_creation(self.node, self._events)
        self.assignees = assignees_at_creation(self.node, self._events)
        self.status = StatusTracker(self.context, self.labels, self.assignees)

    def run(self) -> None:
        """Replay all events."""
        for event in self._events:
            handle = HANDLERS.get(str(event["__typename"]))
            if handle is None:
                continue
            self._ordinal = 0
            before, was_blocked = self.status.now(), self._is_blocked()
            handle(self, event)
            after, is_blocked = self.status.now(), self._is_blocked()
            if after.id != before.id:
                self.add(event, EventField.STATUS, (before.id, after.id), (before.name, after.name))
            if was_blocked != is_blocked:
                flag = (None, "Blocked") if is_blocked else ("Blocked", None)
                self.add(event, EventField.FLAGGED, flag, flag)
        self.rows = list(one_change_per_second(self.rows))

    def add(
        self,
        event: Mapping[str, Any],
        name: EventField,
        raw: tuple[str | None, str | None],
        text: tuple[str | None, str | None] | None = None,
    ) -> None:
        """One changed field: (before, after) as ids and as words."""
        words = text or raw
        self.rows.append({
            "issue_id": self.context.id(self.node["id"]),
            "source_event_id": str(required(event, "id")),
            "item_ordinal": self._ordinal,
            "field": name.value,
            "from_raw": raw[0],
            "to_raw": raw[1],
            "from_text": words[0],
            "to_text": words[1],
            "occurred_at": instant(event["createdAt"]),
            "actor_person_id": self.people.id(event.get("actor")),
            "provenance": Provenance.API_EVENT.value,
        })  # fmt: skip
        self._ordinal += 1

    # --- Handlers: one per type ---------------------------------------------------------------------------------

    def _is_blocked(self) -> bool:
        return any(label.casefold() in self.context.blocked_labels for label in self.labels)

    def closed(self, event: Mapping[str, Any]) -> None:
        """Closed, with a reason."""
        self.status.is_closed = True
        self.add(event, EventField.RESOLUTION, (None, str(event.get("stateReason") or "COMPLETED")))

    def reopened(self, event: Mapping[str, Any]) -> None:
        """Opened again; the reason it was closed for is void."""
        self.status.reopen()
        last = next((row["to_raw"] for row in reversed(self.rows) if row["field"] == EventField.RESOLUTION), None)
        self.add(event, EventField.RESOLUTION, (last, None))

    def labelled(self, event: Mapping[str, Any]) -> None:
        """A label was added or removed."""
        name = (event.get("label") or {}).get("name")
        before = _listed(self.labels)
        if name and event["__typename"] == "LabeledEvent":
            self.labels.add(name)
        elif name:
            self.labels.discard(name)
        after = _listed(self.labels)
        if before != after:
            self.add(event, EventField.LABELS, (before, after))

    def assigned(self, event: Mapping[str, Any]) -> None:
        """Somebody was assigned or unassigned; the one who has been assigned longest is *the* assignee."""
        account = event.get("assignee") or {}
        person = account.get("id")
        before = self.assignees[0] if self.assignees else None
        is_added = event["__typename"] == "AssignedEvent"
        if person is None:
            self.status.nameless_assignees = max(0, self.status.nameless_assignees + (1 if is_added else -1))
        elif is_added and person not in self.assignees:
            self.assignees.append(person)
        elif person in self.assignees and not is_added:
            self.assignees.remove(person)
        after = self.assignees[0] if self.assignees else None
        self.people.id(account)
        if before != after:
            raw = tuple(self.context.id(one) if one else None for one in (before, after))
            self.add(event, EventField.ASSIGNEE, (raw[0], raw[1]))

    def milestoned(self, event: Mapping[str, Any]) -> None:
        """A milestone was set or removed: a sprint and a release at once."""
        title = str(event["milestoneTitle"])
        before = self.milestone
        if event["__typename"] == "MilestonedEvent":
            self.milestone = title
        elif before in (title, None):
            before, self.milestone = title, None
        if before == self.milestone:
            return
        raw = (self._milestone_id(before), self._milestone_id(self.milestone))
        self.add(event, EventField.SPRINT, raw, (before, self.milestone))
        self.add(event, EventField.FIX_VERSION, raw, (before, self.milestone))

    def _milestone_id(self, title: str | None) -> str | None:
        return None if title is None else self._milestone_ids.get(title, UNRESOLVED_TITLE + title)

    def column_changed(self, event: Mapping[str, Any]) -> None:
        """A project shows the issue in another column."""
        name = str(event.get("status") or "")
        self.status.set_column(project_of(event), self._column(event, name) if name else None)

    def added_to_project(self, event: Mapping[str, Any]) -> None:
        """The column it was added in is known from the first change that leaves it."""
        name = self._first_columns.pop(project_of(event), None)
        if name:
            self.status.set_column(project_of(event), self._column(event, name))

    def removed_from_project(self, event: Mapping[str, Any]) -> None:
        """Its column and field values there are gone."""
        project = project_of(event)
        self.status.set_column(project, None)
        at = instant(event["createdAt"])
        if project and at:
            self.removals.append((project, at))

    def _column(self, event: Mapping[str, Any], name: str) -> Status:
        status_id, category, is_known = self.context.named_option(project_of(event) or None, name)
        status = Status(status_id, name, category)
        if not is_known:
            self.unknown_statuses[status_id] = status
        return status

    def parent_changed(self, event: Mapping[str, Any]) -> None:
        """It became, or stopped being, a sub-issue."""
        self._add_other(event, EventField.PARENT, "parent", is_added=event["__typename"] == "ParentIssueAddedEvent")

    def linked(self, event: Mapping[str, Any]) -> None:
        """A dependency or sub-issue was added or removed."""
        kind = str(event["__typename"])
        name, words = LINK_EVENTS[kind.replace("Added", "").replace("Removed", "")]
        self._add_other(event, EventField.LINK, name, words, is_added="Added" in kind)

    def _add_other(
        self, event: Mapping[str, Any], field_name: EventField, name: str, words: str = "", *, is_added: bool
    ) -> None:
        other = event.get(name) or {}
        if not other.get("id"):
            return  # an issue we may not see; the link itself shows in the connections of both ends
        raw, text = self.context.id(other["id"]), f"{words} {issue_key(other) or other['id']}".strip()
        self.add(event, field_name, *(((None, raw), (None, text)) if is_added else ((raw, None), (text, None))))

    def type_changed(self, event: Mapping[str, Any]) -> None:
        """Its issue type changed."""
        named = [(event.get(name) or {}).get("name") for name in ("prevIssueType", "issueType")]
        if event["__typename"] == "IssueTypeRemovedEvent":
            named = [named[1], None]
        self.add(event, EventField.TYPE, (named[0], named[1]))

    def field_changed(self, event: Mapping[str, Any]) -> None:
        """A field of the organisation got another value."""
        name = str((event.get("issueField") or {}).get("name") or "").casefold()
        role = field_role(self.context, name)
        if role is not None:
            after = event.get("newValue", event.get("value"))
            self.add(event, role, (event.get("previousValue"), after))

    def pull_request_changed(self, event: Mapping[str, Any]) -> None:
        """A pull request that closes this issue was opened or closed."""
        self.status.open_pull_requests += 1 if event["__typename"] == "PullRequestOpened" else -1

    def transferred(self, event: Mapping[str, Any]) -> None:
        """It came from another repository, where it had another id and number."""
        origin, here = event.get("fromRepository") or {}, self.node.get("repository") or {}
        if origin.get("id") and here.get("id"):
            raw = (self.context.id(origin["id"]), self.context.id(here["id"]))
            self.add(event, EventField.PROJECT, raw, (origin.get("nameWithOwner"), here.get("nameWithOwner")))


def field_role(context: GithubContext, name: str) -> EventField | None:
    """What an organisation's issue field of this name (in lower case) means to us."""
    if name in context.estimate_fields:
        return EventField.ESTIMATE_POINTS
    if name in START_DATE_NAMES:
        return EventField.START_DATE
    if name in DUE_DATE_NAMES:
        return EventField.DUE_DATE
    return EventField.PRIORITY if name == "priority" else None


def _listed(labels: Sequence[str] | set[str]) -> str | None:
    return orjson.dumps(sorted(labels)).decode() if labels else None


LINK_EVENTS: dict[str, tuple[str, str]] = {
    "BlockedByEvent": ("blockingIssue", "blocked by"),
    "BlockingEvent": ("blockedIssue", "blocks"),
    "SubIssueEvent": ("subIssue", "parent of"),
}
"""Event type without Added or Removed: (field that holds the other issue, words)."""

HANDLERS: dict[str, Callable[[Replay, Mapping[str, Any]], None]] = {
    "ClosedEvent": Replay.closed,
    "ReopenedEvent": Replay.reopened,
    **dict.fromkeys(("LabeledEvent", "UnlabeledEvent"), Replay.labelled),
    **dict.fromkeys(("AssignedEvent", "UnassignedEvent"), Replay.assigned),
    **dict.fromkeys(("MilestonedEvent", "DemilestonedEvent"), Replay.milestoned),
    "ProjectV2ItemStatusChangedEvent": Replay.column_changed,
    **dict.fromkeys(("AddedToProjectV2Event", "ConvertedFromDraftEvent"), Replay.added_to_project),
    "RemovedFromProjectV2Event": Replay.removed_from_project,
    **dict.fromkeys(("ParentIssueAddedEvent", "ParentIssueRemovedEvent"), Replay.parent_changed),
    **dict.fromkeys((f"{kind[:-5]}{done}Event" for kind in LINK_EVENTS for done in ("Added", "Removed")),
                    Replay.linked),
    **dict.fromkeys(("IssueTypeAddedEvent", "IssueTypeChangedEvent", "IssueTypeRemovedEvent"), Replay.type_changed),
    **dict.fromkeys(("IssueFieldAddedEvent", "IssueFieldChangedEvent", "IssueFieldRemovedEvent"),
                    Replay.field_changed),
    **dict.fromkeys(("PullRequestOpened", "PullRequestClosed"), Replay.pull_request_changed),
    "TransferredEvent": Replay.transferred,
}  # fmt: skip
"""Timeline types that change a field; types not listed change none."""
