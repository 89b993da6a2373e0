"""Maps an issue with its timeline, dependencies and milestone."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.vocabulary import EventField, IssueType, Outcome
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping.links import add_links
from itpm_pipeline.sources.github.mapping.timeline import Replay, field_role
from itpm_pipeline.sources.github.mapping.values import (
    People,
    day,
    field_values,
    instant,
    issue_key,
    label_names,
    nodes,
    required,
)

NOT_DELIVERED = frozenset({"NOT_PLANNED", "DUPLICATE"})

TYPE_NAMES: dict[str, IssueType] = {
    "epic": IssueType.EPIC,
    "initiative": IssueType.EPIC,
    "story": IssueType.STORY,
    "user story": IssueType.STORY,
    "feature": IssueType.STORY,
    "enhancement": IssueType.STORY,
    "task": IssueType.TASK,
    "chore": IssueType.TASK,
    "bug": IssueType.BUG,
    "defect": IssueType.BUG,
    "sub-task": IssueType.SUBTASK,
    "subtask": IssueType.SUBTASK,
    "incident": IssueType.INCIDENT,
    "risk": IssueType.RISK,
}
"""Names of issue types, in lower case."""

VALUE_PARTS = ("number", "date", "name", "text")
"""Where the kinds of field values keep their value, as our query names it."""

CHILDREN = ("issue_field_event", "issue_sprint", "issue_version", "issue_link", "issue_key_alias")


def map_issue(node: Mapping[str, Any], record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """An issue and everything that hangs on it."""
    issue_id = context.id(required(node, "id"))
    people = People(context, rows)
    for table in CHILDREN:
        rows.replace(table, issue_id)
    replay = Replay(node, context, people)
    replay.run()
    type_raw, kind, level = _classified(node, context)
    _add_issue(node, context, rows, replay, (type_raw, kind, level))
    _add_history(node, record, context, rows, replay)
    _add_milestone(node, context, rows)
    add_links(node, record, context, rows)
    key = issue_key(node)
    if key is None:
        raise MappingError("repository or number is missing")
    rows.add("issue_key_alias", {"issue_key": key, "issue_id": issue_id, "is_current": True})
    if kind is IssueType.INCIDENT:
        rows.add("incident", {
            "issue_id": issue_id, "opened_at": instant(node["createdAt"]), "resolved_at": _resolved_at(node),
        })  # fmt: skip


def _add_issue(
    node: Mapping[str, Any],
    context: GithubContext,
    rows: CanonicalRows,
    replay: Replay,
    classified: tuple[str | None, IssueType, int],
) -> None:
    type_raw, kind, level = classified
    people = replay.people
    labels = sorted(label_names(node))
    is_closed = required(node, "state") == "CLOSED"
    # The timeline may lack the event that closed an issue (it was imported, or history is incomplete).
    replay.status.is_closed = is_closed
    reason = str(node.get("stateReason") or "COMPLETED") if is_closed else None
    fields = _organisation_fields(node, context)
    points, points_field = fields.get(EventField.ESTIMATE_POINTS, (None, None))
    assigned = {str(one["id"]): people.id(one) for one in nodes(node, "assignees")}
    current = [one for one in replay.assignees if one in assigned] or list(assigned)
    rows.add("issue", {
        "issue_id": context.id(node["id"]),
        "issue_key": issue_key(node),
        "project_id": context.id(node["repository"]["id"]),
        "type_raw": type_raw,
        "type": kind.value,
        "hierarchy_level": level,
        "parent_issue_id": context.id(node["parent"]["id"]) if (node.get("parent") or {}).get("id") else None,
        "summary": node.get("title"),
        "description_text": plain_text(node.get("body") or "") or None,
        "status_id": replay.status.now().id,
        "resolution_raw": reason,
        "outcome": None if reason is None else _outcome(reason).value,
        "priority": fields.get(EventField.PRIORITY, (None, None))[0],
        "assignee_person_id": assigned[current[0]] if current else None,
        "reporter_person_id": people.id(node.get("author")),
        "created_at": instant(required(node, "createdAt")),
        "updated_at": instant(node.get("updatedAt")),
        "resolved_at": _resolved_at(node),
        "start_date": day(fields.get(EventField.START_DATE, (None, None))[0]),
        "due_date": day(fields.get(EventField.DUE_DATE, (None, None))[0]),
        "estimate_points": None if points is None else float(points),
        "estimate_field_id": None if points is None else points_field,
        "is_flagged": any(label.casefold() in context.blocked_labels for label in labels),
        "labels": orjson.dumps(labels).decode(),
        "components": "[]",
        "url": node.get("url"),
        "comment_count": (node.get("comments") or {}).get("totalCount"),
        "history_reported": (node.get("timelineItems") or {}).get("totalCount"),
        "is_deleted": False,
    })  # fmt: skip


def _add_history(
    node: Mapping[str, Any], record: RawRecord, context: GithubContext, rows: CanonicalRows, replay: Replay
) -> None:
    for row in replay.rows:
        rows.add("issue_field_event", row)
    for status in replay.unknown_statuses.values():
        rows.add("status", {"status_id": status.id, "name": status.name, "category": status.category})
    timeline = node.get("timelineItems") or {}
    read = len(timeline.get("nodes") or ())
    rows.add("issue_history", {
        "issue_id": context.id(node["id"]),
        "history_count": read,
        "reported_count": timeline.get("totalCount"),
        "is_complete": read >= int(timeline.get("totalCount") or 0),
        "read_at": record.fetched_at,
    })  # fmt: skip
    for project, left_at in replay.removals:
        fields = context.projects.get(project)
        if fields and fields.iteration:
            # Not our clock but GitHub's: the same event must give the same row whenever it is read again.
            rows.add("field_observation", {
                "entity_kind": "issue",
                "entity_id": context.id(node["id"]),
                "field": EventField.SPRINT.value,
                "scope": fields.iteration,
                "observed_at": left_at,
                "value": None,
                "source_updated_at": left_at,
            })  # fmt: skip


def _add_milestone(node: Mapping[str, Any], context: GithubContext, rows: CanonicalRows) -> None:
    milestone = node.get("milestone") or {}
    if milestone.get("id"):
        issue_id, milestone_id = context.id(node["id"]), context.id(milestone["id"])
        rows.add("issue_sprint", {"issue_id": issue_id, "sprint_id": milestone_id})
        rows.add("issue_version", {"issue_id": issue_id, "version_id": milestone_id})


def _classified(node: Mapping[str, Any], context: GithubContext) -> tuple[str | None, IssueType, int]:
    """(type_raw, type, hierarchy level). Without type and telling label it is a task.

    An issue under an epic is at story level; under any other issue it is a sub-task, which sprints do not count.
    """
    type_raw, kind = _kind(node, context)
    parent = node.get("parent")
    if kind is IssueType.EPIC:
        return type_raw, kind, 1
    if kind is IssueType.SUBTASK:
        return type_raw, kind, -1
    if parent and _kind(parent, context)[1] is not IssueType.EPIC:
        return type_raw, IssueType.SUBTASK if kind is IssueType.TASK else kind, -1
    return type_raw, kind, 0


def _kind(node: Mapping[str, Any], context: GithubContext) -> tuple[str | None, IssueType]:
    name = (node.get("issueType") or {}).get("name")
    if name:
        return str(name), TYPE_NAMES.get(str(name).casefold(), IssueType.OTHER)
    for label in sorted(label_names(node)):
        kind = context.type_labels.get(label.casefold())
        if kind:
            return label, IssueType(kind) if kind in set(IssueType) else IssueType.OTHER
    return None, IssueType.TASK


def _organisation_fields(node: Mapping[str, Any], context: GithubContext) -> dict[EventField, tuple[Any, str]]:
    """Role to (value, field id); of several fields of points the first one of the settings counts."""
    found: dict[EventField, tuple[int, Any, str]] = {}
    for field_id, name, value in field_values(node, "issueFieldValues"):
        key = name.casefold()
        role = field_role(context, key)
        content = next((value[part] for part in VALUE_PARTS if value.get(part) is not None), None)
        if role is None or content is None or (role is EventField.ESTIMATE_POINTS and "number" not in value):
            continue
        rank = context.estimate_fields.index(key) if role is EventField.ESTIMATE_POINTS else 0
        if role not in found or rank < found[role][0]:
            found[role] = (rank, content, field_id)
    return {role: (content, field_id) for role, (_, content, field_id) in found.items()}


def _outcome(reason: str) -> Outcome:
    return Outcome.NOT_DELIVERED if reason in NOT_DELIVERED else Outcome.DELIVERED


def _resolved_at(node: Mapping[str, Any]) -> Any:
    return instant(node.get("closedAt")) if node.get("state") == "CLOSED" else None


_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{0,2000}\)")
_MARKUP = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]|>[ \t]?|```\w*$|~~~\w*$)|\*\*|__|~~|`", re.MULTILINE)


def plain_text(markdown: str) -> str:
    """Markdown without its commonest marks: comments, links, headings, emphasis, code fences."""
    return _MARKUP.sub("", _LINK.sub(r"\1", _COMMENT.sub("", markdown))).strip()
