"""Turns an issue's timeline into field events, by replaying it from the state the issue was created in.

Labels and assignees are sets on GitHub, and milestones are told by title. The replay turns them into what all
trackers have in common: one value before, one value after.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from itpm_pipeline.canonical.vocabulary import EventField, Provenance
from itpm_pipeline.sources.github.context import DUE_DATE_NAMES, START_DATE_NAMES, GithubContext
from itpm_pipeline.sources.github.mapping.status import Status, StatusTracker
from itpm_pipeline.sources.github.mapping.values import People, instant, issue_key, label_names, nodes, required

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
    assignees: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    milestone: str | None = None
    status: StatusTracker = field(init=False)
    _events: list[Mapping[str, Any]] = field(init=False)
    _renamed: dict[str, str] = field(init=False)
    _first_columns: dict[str, str] = field(init=False)
    _ordinal: int = 0

    def __post_init__(self) -> None:
        own = [event for event in nodes(self.node, "timelineItems") if event.get("createdAt")]
        self._events = sorted([*own, *self._linked_pull_requests()], key=lambda event: str(event["createdAt"]))
        self._renamed = self._milestone_of_today()
        self._first_columns = self._columns_before_first_change()
        self._rewind()
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
        self.rows = list(_one_change_per_second(self.rows))

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

    # --- The state before the first event ---------------------------------------------------------------------

    def _rewind(self) -> None:
        """Labels and assignees at creation: those of today with all events undone, last one first."""
        labels = set(label_names(self.node))
        assignees = [str(one["id"]) for one in nodes(self.node, "assignees")]
        for event in reversed(self._events):
            kind, label = event["__typename"], (event.get("label") or {}).get("name")
            person = (event.get("assignee") or {}).get("id")
            if kind == "LabeledEvent":
                labels.discard(label)
            elif kind == "UnlabeledEvent" and label:
                labels.add(label)
            elif kind == "AssignedEvent" and person in assignees:
                assignees.remove(person)
            elif kind == "UnassignedEvent" and person and person not in assignees:
                assignees.append(person)
        self.labels.update(labels)
        self.assignees.extend(assignees)

    def _linked_pull_requests(self) -> Iterator[Mapping[str, Any]]:
        """Begin and end of the pull requests that close this issue, as events of our own making."""
        created = str(required(self.node, "createdAt"))
        for linked in nodes(self.node, "closedByPullRequestsReferences"):
            if not linked.get("createdAt"):
                continue
            opened = max(created, str(linked["createdAt"]))
            yield {"__typename": "PullRequestOpened", "id": f"{linked['id']}:opened", "createdAt": opened}
            if linked.get("closedAt"):
                ended = max(opened, str(linked["closedAt"]))
                yield {"__typename": "PullRequestClosed", "id": f"{linked['id']}:closed", "createdAt": ended}

    def _milestone_of_today(self) -> dict[str, str]:
        """Titles in the history that mean today's milestone: its title, and the one it had when it was set."""
        milestone = self.node.get("milestone") or {}
        if not milestone.get("id"):
            return {}
        titles = [str(milestone["title"])]
        events = [event for event in self._events if str(event["__typename"]).lower().endswith("milestonedevent")]
        if events and events[-1]["__typename"] == "MilestonedEvent":
            titles.append(str(events[-1]["milestoneTitle"]))
        return dict.fromkeys(titles, self.context.id(milestone["id"]))

    def _columns_before_first_change(self) -> dict[str, str]:
        """Project to the column its first status change leaves: the one the issue was added in."""
        columns: dict[str, str] = {}
        for event in self._events:
            if event["__typename"] == "ProjectV2ItemStatusChangedEvent":
                columns.setdefault(_project(event), str(event.get("previousStatus") or ""))
        return {project: name for project, name in columns.items() if name}

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
        if person and event["__typename"] == "AssignedEvent" and person not in self.assignees:
            self.assignees.append(person)
        elif person in self.assignees and event["__typename"] == "UnassignedEvent":
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
        return None if title is None else self._renamed.get(title, UNRESOLVED_TITLE + title)

    def column_changed(self, event: Mapping[str, Any]) -> None:
        """A project shows the issue in another column."""
        name = str(event.get("status") or "")
        self.status.set_column(_project(event), self._column(event, name) if name else None)

    def added_to_project(self, event: Mapping[str, Any]) -> None:
        """The column it was added in is known from the first change that leaves it."""
        name = self._first_columns.pop(_project(event), None)
        if name:
            self.status.set_column(_project(event), self._column(event, name))

    def removed_from_project(self, event: Mapping[str, Any]) -> None:
        """Its column and field values there are gone."""
        project = _project(event)
        self.status.set_column(project, None)
        at = instant(event["createdAt"])
        if project and at:
            self.removals.append((project, at))

    def _column(self, event: Mapping[str, Any], name: str) -> Status:
        status_id, category, is_known = self.context.named_option(_project(event) or None, name)
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


def _one_change_per_second(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Changes of a field within one second as one change.

    GitHub's times have whole seconds, and automations act within the same one: closing an issue moves its card, or
    the other way round. The order in which events stand in the timeline would be lost on readers that sort by time.
    """
    kept: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in rows:
        if row["field"] == EventField.LINK:  # not one value that changes, but many that come and go
            yield row
            continue
        earlier = kept.get((row["field"], row["occurred_at"]))
        before = {name: earlier[name] for name in ("from_raw", "from_text")} if earlier else {}
        kept[row["field"], row["occurred_at"]] = {**row, **before}
    for row in kept.values():
        if (row["from_raw"], row["from_text"]) != (row["to_raw"], row["to_text"]):
            yield row


def field_role(context: GithubContext, name: str) -> EventField | None:
    """What an organisation's issue field of this name (in lower case) means to us."""
    if name in context.estimate_fields:
        return EventField.ESTIMATE_POINTS
    if name in START_DATE_NAMES:
        return EventField.START_DATE
    if name in DUE_DATE_NAMES:
        return EventField.DUE_DATE
    return EventField.PRIORITY if name == "priority" else None


def _project(event: Mapping[str, Any]) -> str:
    return str((event.get("project") or {}).get("id") or "")


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
