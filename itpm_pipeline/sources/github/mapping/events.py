"""What the events of a timeline tell before they are replayed: their order, and the state they begin in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itpm_pipeline.canonical.vocabulary import EventField
from itpm_pipeline.sources.github.mapping.values import label_names, nodes, required

Event = Mapping[str, Any]


def events_of(node: Mapping[str, Any]) -> list[Event]:
    """Timeline items with a time, and begin and end of linked pull requests, in order."""
    own = [event for event in nodes(node, "timelineItems") if event.get("createdAt")]
    return sorted([*own, *_linked_pull_requests(node)], key=lambda event: str(event["createdAt"]))


def _linked_pull_requests(node: Mapping[str, Any]) -> Iterator[Event]:
    """Begin and end of the pull requests that close this issue, as events of our own making."""
    created = str(required(node, "createdAt"))
    for linked in nodes(node, "closedByPullRequestsReferences"):
        if not linked.get("createdAt"):
            continue
        opened = max(created, str(linked["createdAt"]))
        yield {"__typename": "PullRequestOpened", "id": f"{linked['id']}:opened", "createdAt": opened}
        if linked.get("closedAt"):
            ended = max(opened, str(linked["closedAt"]))
            yield {"__typename": "PullRequestClosed", "id": f"{linked['id']}:closed", "createdAt": ended}


def labels_at_creation(node: Mapping[str, Any], events: Sequence[Event]) -> set[str]:
    """The labels of today with all events undone, last one first."""
    labels = set(label_names(node))
    for event in reversed(events):
        label = (event.get("label") or {}).get("name")
        if event["__typename"] == "LabeledEvent":
            labels.discard(label)
        elif event["__typename"] == "UnlabeledEvent" and label:
            labels.add(label)
    return labels


def assignees_at_creation(node: Mapping[str, Any], events: Sequence[Event]) -> list[str]:
    """Node ids of the assignees of today with all events undone, last one first."""
    assignees = [str(one["id"]) for one in nodes(node, "assignees")]
    for event in reversed(events):
        person = (event.get("assignee") or {}).get("id")
        if event["__typename"] == "AssignedEvent" and person in assignees:
            assignees.remove(person)
        elif event["__typename"] == "UnassignedEvent" and person and person not in assignees:
            assignees.append(person)
    return assignees


def titles_of_milestone(node: Mapping[str, Any], events: Sequence[Event]) -> list[str]:
    """Titles in the history that mean today's milestone: its title, and the one it had when it was set."""
    milestone = node.get("milestone") or {}
    if not milestone.get("id"):
        return []
    titles = [str(milestone["title"])]
    changes = [event for event in events if event["__typename"] in ("MilestonedEvent", "DemilestonedEvent")]
    if changes and changes[-1]["__typename"] == "MilestonedEvent":
        titles.append(str(changes[-1]["milestoneTitle"]))
    return titles


def columns_before_first_change(events: Sequence[Event]) -> dict[str, str]:
    """Project to the column its first status change leaves: the one the issue was added in."""
    columns: dict[str, str] = {}
    for event in events:
        if event["__typename"] == "ProjectV2ItemStatusChangedEvent":
            columns.setdefault(project_of(event), str(event.get("previousStatus") or ""))
    return {project: name for project, name in columns.items() if name}


def project_of(event: Event) -> str:
    """Node id of the project an event happened in; empty where we may not see it."""
    return str((event.get("project") or {}).get("id") or "")


def one_change_per_second(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
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
