"""The timeline of an issue: its events, filtered, counted and paged as GitHub does.

Not every change is an event: of the fields of a project only the status leaves a trace.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, Person, TimelineEvent
from itpm_pipeline.sandbox.github.connections import CONNECTION_FIELDS, Page, cursor_window, page_size
from itpm_pipeline.sandbox.github.directory import Directory
from itpm_pipeline.sandbox.github.entities import IssueType, Moment
from itpm_pipeline.sandbox.github.execution import Call, Resolver
from itpm_pipeline.sandbox.github.world import as_html


@dataclass(slots=True)
class TimelinePage(Page):
    """A page of a timeline; ``filtered`` counts the items between the cursors, ``updated_at`` is the last event."""

    filtered: int
    updated_at: datetime


def item_type(kind: str) -> str:
    """The word that ``itemTypes`` has for a kind of event: LabeledEvent → LABELED_EVENT."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind).upper()


def timeline_page(issue: GithubIssue, call: Call) -> TimelinePage:
    """The page of events that the call selects; ``since`` and ``itemTypes`` narrow every count."""
    args = call.args
    types, since = args.get("itemTypes"), args.get("since")
    kinds = KINDS if types is None else {kind for kind in KINDS if ITEM_TYPES[kind] in types}
    directory = call.world.directory
    events = [
        event
        for event in issue.timeline
        if event.kind in kinds
        and (since is None or event.at >= since)
        and (event.kind not in NEEDS_SOURCE or _referenced(event, directory))
    ]
    start, stop = cursor_window(events, call, None)
    filtered = stop - start
    start = min(start + (args.get("skip") or 0), stop)
    size = page_size(call)
    if args.get("first") is not None:
        stop = min(stop, start + size)
    else:
        start = max(start, stop - size)
    updated_at = issue.timeline[-1].at if issue.timeline else issue.created_at
    page = [Moment(issue, event) for event in events[start:stop]]
    return TimelinePage(page, start, len(events), None, filtered, updated_at)


def _referenced(event: TimelineEvent, directory: Directory) -> Any:
    """The issue or pull request that an event came from; null when it is gone, and the event with it."""
    return directory.node(event.data.get("source", ""))


def _actor(moment: Moment, call: Call) -> Person | None:
    return call.world.directory.person(moment.event.actor)


def _node(name: str) -> Resolver:
    def resolve(moment: Moment, call: Call) -> Any:
        node_id = moment.event.data.get(name)
        return call.world.directory.node(node_id) if node_id else None

    return resolve


def _value(name: str, default: Any = None) -> Resolver:
    return lambda moment: moment.event.data.get(name, default)


def _person(name: str) -> Resolver:
    return lambda moment, call: call.world.directory.person(moment.event.data.get(name))


def _type(name: str) -> Resolver:
    def resolve(moment: Moment) -> IssueType | None:
        type_ = moment.event.data.get(name)
        return IssueType(type_) if type_ else None

    return resolve


def _label(moment: Moment, call: Call) -> Any:
    directory = call.world.directory
    return directory.label(directory.repository_of(moment.issue), moment.event.data["label"])


def _repository(name: str) -> Resolver:
    return lambda moment, call: call.world.directory.repositories.get(moment.event.data.get(name))


def _path(moment: Moment, call: Call) -> str:
    return f"{call.world.path(moment.issue)}#event-{moment.event.node_id}"


def _is_cross_repository(moment: Moment, call: Call) -> bool:
    name = "canonical" if "canonical" in moment.event.data else "source"
    other = call.world.directory.node(moment.event.data.get(name, ""))
    return other is not None and other.repo != moment.issue.repo


def _commit(moment: Moment, call: Call) -> Any:
    oid = moment.event.data.get("commit")
    directory = call.world.directory
    return directory.commit(directory.repository_of(moment.issue), oid, moment.event.at) if oid else None


EVENT_FIELDS: dict[str, Resolver] = {
    "actor": _actor,
    "assignable": "issue",
    "assignee": _person("assignee"),
    "blockedIssue": _node("blockedIssue"),
    "blockingIssue": _node("blockingIssue"),
    "canonical": _node("canonical"),
    "closable": "issue",
    "closer": _node("closer"),
    "commit": _commit,
    "commitRepository": lambda moment, call: call.world.directory.repository_of(moment.issue),
    "createdAt": "event.at",
    "currentTitle": _value("currentTitle"),
    "databaseId": lambda _: None,
    "duplicate": _node("duplicate"),
    "duplicateOf": _node("duplicateOf"),
    "fromRepository": _repository("fromRepository"),
    "id": "event.node_id",
    "isCrossRepository": _is_cross_repository,
    "isDirectReference": _value("isDirectReference", default=True),
    "issue": "issue",
    "issueField": lambda _: None,
    "issueType": _type("issueType"),
    "label": _label,
    "labelable": "issue",
    "milestoneTitle": _value("milestoneTitle"),
    "newValue": _value("newValue"),
    "parent": _node("parent"),
    "prevIssueType": _type("prevIssueType"),
    "previousStatus": _value("previousStatus", default=""),
    "previousTitle": _value("previousTitle"),
    "previousValue": _value("previousValue"),
    "project": _node("project"),
    "referencedAt": "event.at",
    "resourcePath": _path,
    "source": _node("source"),
    "stateReason": _value("stateReason"),
    "status": _value("status"),
    "subIssue": _node("subIssue"),
    "subject": "issue",
    "target": "issue",
    "url": lambda moment, call: call.world.url(_path(moment, call)),
    "value": _value("value"),
    "wasAutomated": _value("wasAutomated", default=False),
    "willCloseTarget": _value("willCloseTarget", default=False),
}
"""Every field that any kind of event has; the schema says which kind has which."""

COMMENT_FIELDS: dict[str, Resolver] = {
    "author": _actor,
    "body": _value("body", default=""),
    "bodyHTML": lambda moment: as_html(moment.event.data.get("body", "")),
    "bodyText": _value("body", default=""),
    "createdAt": "event.at",
    "databaseId": _value("databaseId"),
    "editor": lambda _: None,
    "fullDatabaseId": lambda _: None,
    "id": "event.node_id",
    "issue": "issue",
    "lastEditedAt": lambda _: None,
    "publishedAt": "event.at",
    "repository": lambda moment, call: call.world.directory.repository_of(moment.issue),
    "resourcePath": _path,
    "updatedAt": "event.at",
    "url": lambda moment, call: call.world.url(_path(moment, call)),
}
TIMELINE_FIELDS: dict[str, Resolver] = CONNECTION_FIELDS | {
    "filteredCount": "filtered",
    "pageCount": lambda page: len(page.items),
    "updatedAt": "updated_at",
}
NEEDS_SOURCE = {"CrossReferencedEvent", "ConnectedEvent", "DisconnectedEvent"}
EVENT_KINDS = (
    "AddedToProjectV2Event", "RemovedFromProjectV2Event", "ConvertedFromDraftEvent",
    "ProjectV2ItemStatusChangedEvent", "AssignedEvent", "UnassignedEvent", "LabeledEvent", "UnlabeledEvent",
    "MilestonedEvent", "DemilestonedEvent", "ClosedEvent", "ReopenedEvent", "RenamedTitleEvent", "TransferredEvent",
    "MarkedAsDuplicateEvent", "UnmarkedAsDuplicateEvent", "SubIssueAddedEvent", "SubIssueRemovedEvent",
    "ParentIssueAddedEvent", "ParentIssueRemovedEvent", "BlockedByAddedEvent", "BlockedByRemovedEvent",
    "BlockingAddedEvent", "BlockingRemovedEvent", "IssueTypeAddedEvent", "IssueTypeChangedEvent",
    "IssueTypeRemovedEvent", "IssueFieldAddedEvent", "IssueFieldChangedEvent", "IssueFieldRemovedEvent",
    "CrossReferencedEvent", "ConnectedEvent", "DisconnectedEvent", "ReferencedEvent", "LockedEvent", "UnlockedEvent",
    "PinnedEvent", "UnpinnedEvent", "MentionedEvent", "SubscribedEvent", "UnsubscribedEvent",
)  # fmt: skip
KINDS = {*EVENT_KINDS, "IssueComment"}
ITEM_TYPES = {kind: item_type(kind) for kind in KINDS}
FIELDS = {
    **dict.fromkeys(EVENT_KINDS, EVENT_FIELDS),
    "IssueComment": COMMENT_FIELDS,
    "IssueTimelineItemsConnection": TIMELINE_FIELDS,
}
