"""Change histories and work logs to rows."""

from collections.abc import Mapping
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.vocabulary import EventField, Provenance
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.context import JiraContext
from itpm_pipeline.sources.jira.mapping_people import People
from itpm_pipeline.sources.jira.values import instant, native_id, number, number_text, objects, text, whole

SYSTEM_ITEMS: dict[str, EventField] = {
    "status": EventField.STATUS,
    "assignee": EventField.ASSIGNEE,
    "duedate": EventField.DUE_DATE,
    "fixversions": EventField.FIX_VERSION,
    "fix version": EventField.FIX_VERSION,
    "parent": EventField.PARENT,
    "parent issue": EventField.PARENT,
    "issueparentassociation": EventField.PARENT,
    "project": EventField.PROJECT,
    "priority": EventField.PRIORITY,
    "resolution": EventField.RESOLUTION,
    "labels": EventField.LABELS,
    "issuetype": EventField.TYPE,
    "issue type": EventField.TYPE,
    "timeoriginalestimate": EventField.ESTIMATE_SECONDS,
    "link": EventField.LINK,
    "issuelinks": EventField.LINK,
    "key": EventField.KEY,
    "custom:epic link": EventField.PARENT,
    "custom:sprint": EventField.SPRINT,
    "custom:flagged": EventField.FLAGGED,
}
"""Name of a changelog item in lower case to canonical field. It is compared with the ``fieldId`` of system fields and,
where an item has none (links, keys, parents; everything on old sites), with its ``field``, after ``custom:`` if it is
a custom field, which may have any name."""

ENTITY_WORDS: dict[EventField, str] = {
    EventField.STATUS: "status",
    EventField.SPRINT: "sprint",
    EventField.ASSIGNEE: "user",
    EventField.FIX_VERSION: "version",
    EventField.PROJECT: "project",
    EventField.TEAM: "team",
}
"""Fields whose values are entities with rows of their own: their events carry canonical ids, as those rows do."""

TEXT_IS_VALUE = frozenset({EventField.KEY, EventField.LABELS, EventField.LINK})
"""Fields whose changes carry words and no ids: the words are the value."""


def map_changelog(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Complete history of one issue: its events, its old keys, and whether it is complete."""
    number_ = str(payload.get("issueId"))
    issue_id = context.issue_ref(number_)
    entries = {native_id(one, f"a history entry of {number_}"): one for one in objects(payload.get("changeHistories"))}
    reported = whole(payload.get("total"))
    rows.add("issue_history", {
        "issue_id": issue_id,
        "history_count": len(entries),
        "reported_count": reported,
        "is_complete": reported is None or len(entries) >= reported,
        "read_at": record.fetched_at,
    })  # fmt: skip
    rows.replace("issue_field_event", issue_id)
    changes = [(entry_id, entry, [(item, _item_name(item)) for item in objects(entry.get("items"))])
               for entry_id, entry in entries.items()]  # fmt: skip
    fields = _canonical_fields({name for _, _, items in changes for _, name in items}, record.project, context)
    people = People(context, rows)
    keys: list[tuple[Any, str | None, str | None]] = []
    for entry_id, entry, items in changes:
        occurred = instant(entry.get("created"), f"history entry {entry_id}")
        if occurred is None:
            raise MappingError(f"history entry {entry_id} of issue {number_} has no time")
        told = [(ordinal, item, fields[name]) for ordinal, (item, name) in enumerate(items) if name in fields]
        actor = people.add(entry.get("author")) if told else None
        for ordinal, item, field in told:
            from_text, to_text = text(item.get("fromString")), text(item.get("toString"))
            from_raw = _value(text(item.get("from")), from_text, field, context)
            to_raw = _value(text(item.get("to")), to_text, field, context)
            if field is EventField.KEY:
                keys.append((occurred, from_raw, to_raw))
            rows.add("issue_field_event", {
                "issue_id": issue_id,
                "source_event_id": entry_id,
                "item_ordinal": ordinal,
                "field": field,
                "from_raw": from_raw,
                "to_raw": to_raw,
                "from_text": from_text,
                "to_text": to_text,
                "occurred_at": occurred,
                "actor_person_id": actor,
                "provenance": Provenance.API_EVENT,
            })  # fmt: skip
    _add_aliases(issue_id, keys, rows)


def map_worklogs(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """All work log entries of one issue."""
    del record
    issue_id = context.issue_ref(payload.get("issueId"))
    rows.replace("worklog", issue_id)
    people = People(context, rows)
    for entry in objects(payload.get("worklogs")):
        number_ = native_id(entry, f"a work log entry of {issue_id}")
        what = f"work log entry {number_}"
        rows.add("worklog", {
            "worklog_id": context.ref("worklog", number_),
            "issue_id": issue_id,
            "person_id": people.add(entry.get("author")),
            "started_at": instant(entry.get("started"), what),
            "seconds": whole(entry.get("timeSpentSeconds")),
            "updated_at": instant(entry.get("updated"), what),
            "is_deleted": False,
        })  # fmt: skip


def _canonical_fields(changed: set[str], project: str, context: JiraContext) -> Mapping[str, EventField]:
    """Item name (see :data:`SYSTEM_ITEMS`) to canonical field, for one issue's history; ``changed``: names in it.

    Of several estimation fields only the best one that ever changed counts: two interleaved would make no history.
    """
    known = SYSTEM_ITEMS | context.event_fields
    for name in context.points_fields_of(project):
        spoken = context.item_name(name)
        if name in changed or spoken in changed:
            return known | {name: EventField.ESTIMATE_POINTS, spoken: EventField.ESTIMATE_POINTS}
    return known


def _item_name(item: Mapping[str, Any]) -> str:
    field_id = item.get("fieldId")
    if field_id:
        return str(field_id) if str(field_id).startswith("customfield_") else str(field_id).lower()
    name = str(item.get("field") or "").lower()
    return f"custom:{name}" if item.get("fieldtype") == "custom" else name


def _value(raw: str | None, words: str | None, field: EventField, context: JiraContext) -> str | None:
    """Value before or after a change, which is told as an id and in words; None for none.

    Entities are canonical ids. Sprints are a list of them (``…:76, …:80``): closed ones stay in it for ever.
    """
    if field is EventField.SPRINT:
        sprints = [part for part in (raw or "").replace(" ", "").split(",") if part]
        return ", ".join(context.ref("sprint", sprint) for sprint in sprints) or None
    if field is EventField.FLAGGED:
        return "true" if raw or words else None
    if field is EventField.ESTIMATE_POINTS:
        points = number(raw if raw is not None else words)
        return None if points is None else number_text(points)
    if raw is None:
        return words if field in TEXT_IS_VALUE else None
    if field is EventField.PARENT:
        return context.issue_ref(raw)
    return context.ref(ENTITY_WORDS[field], raw) if field in ENTITY_WORDS else raw


def _add_aliases(issue_id: str, keys: list[tuple[Any, str | None, str | None]], rows: CanonicalRows) -> None:
    """Keys an issue had and has no more; its own record tells the one it has."""
    rows.replace("issue_key_alias", issue_id)
    ordered = [key for _, before, after in sorted(keys, key=lambda one: one[0]) for key in (before, after) if key]
    for key in dict.fromkeys(ordered):
        if key != ordered[-1]:
            rows.add("issue_key_alias", {"issue_key": key, "issue_id": issue_id, "is_current": False})
