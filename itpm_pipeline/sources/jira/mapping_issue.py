"""Issues to rows."""

from collections.abc import Mapping
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.vocabulary import IssueType, Outcome
from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.context import JiraContext
from itpm_pipeline.sources.jira.mapping_links import map_issue_links
from itpm_pipeline.sources.jira.mapping_people import People
from itpm_pipeline.sources.jira.mapping_site import sprint_row, web_address
from itpm_pipeline.sources.jira.sprint_string import parse_sprint_string
from itpm_pipeline.sources.jira.text import plain_text
from itpm_pipeline.sources.jira.values import day, instant, mapping, native_id, number, objects, text, whole

TYPES = {
    IssueType.EPIC: ("epic",),
    IssueType.STORY: ("story", "user story", "feature", "new feature", "improvement", "enhancement"),
    IssueType.TASK: ("task", "technical task", "chore", "spike", "research"),
    IssueType.BUG: ("bug", "defect", "fault"),
    IssueType.SUBTASK: ("sub-task", "subtask"),
}
_TYPE_OF_NAME = {name: kind for kind, names in TYPES.items() for name in names}


def map_issue(issue: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Issue with its key, sprints, releases, links and references."""
    number_ = native_id(issue, "issue")
    issue_id, what = context.issue_ref(number_), f"issue {number_}"
    fields = issue.get("fields")
    if not isinstance(fields, Mapping):
        raise MappingError(f"{what} has no fields")
    project, status = native_id(mapping(fields.get("project")), f"the project of {what}"), mapping(fields.get("status"))
    created = instant(fields.get("created"), what)
    if created is None:
        raise MappingError(f"{what} has no creation time")
    people = People(context, rows)
    level, kind = classify(mapping(fields.get("issuetype")), context)
    points_field, points = _points(fields, context.points_fields_of(project))
    resolution = text(mapping(fields.get("resolution")).get("name"))
    resolved = instant(fields.get("resolutiondate"), what)
    parent = mapping(fields.get("parent")).get("id")
    rows.add("issue", {
        "issue_id": issue_id,
        "issue_key": text(issue.get("key")),
        "project_id": context.ref("project", project),
        "type_raw": text(mapping(fields.get("issuetype")).get("name")),
        "type": kind,
        "hierarchy_level": level,
        "parent_issue_id": context.issue_ref(parent) if parent else None,
        "summary": text(fields.get("summary")),
        "description_text": plain_text(fields.get("description")),
        "status_id": context.ref("status", status["id"]) if status.get("id") else None,
        "resolution_raw": resolution,
        "outcome": outcome(resolution, status, context.not_delivered),
        "priority": text(mapping(fields.get("priority")).get("name")),
        "assignee_person_id": people.add(fields.get("assignee")),
        "reporter_person_id": people.add(fields.get("reporter")),
        "team_id": _team(fields, context, rows),
        "created_at": created,
        "updated_at": instant(fields.get("updated"), what),
        "resolved_at": resolved,
        "start_date": next((day(fields[name], what) for name in context.roles.start_date if fields.get(name)), None),
        "due_date": day(fields.get("duedate"), what),
        "estimate_points": points,
        "estimate_field_id": points_field,
        "estimate_seconds": whole(fields.get("timeoriginalestimate")),
        "remaining_seconds": whole(fields.get("timeestimate")),
        "is_flagged": any(bool(fields.get(name)) for name in context.roles.flagged),
        "labels": _sorted_json(fields.get("labels") or ()),
        "components": _sorted_json(one.get("name") for one in objects(fields.get("components"))),
        "url": web_address(issue, f"browse/{issue.get('key')}"),
        "comment_count": None,
        "history_reported": whole(mapping(issue.get("changelog")).get("total")),
        "is_deleted": False,
    })  # fmt: skip
    # Keys it had before are told by its changelog: rows of another record, which this one leaves alone.
    rows.replace("issue_key_alias", issue_id)
    if key := text(issue.get("key")):
        rows.add("issue_key_alias", {"issue_key": key, "issue_id": issue_id, "is_current": True})
    if kind is IssueType.INCIDENT:
        rows.add("incident", {"issue_id": issue_id, "opened_at": created, "resolved_at": resolved})
    _map_sprints(fields, issue_id, record, context, rows)
    rows.replace("issue_version", issue_id)
    for version in dict.fromkeys(native_id(one, f"a release of {what}") for one in objects(fields.get("fixVersions"))):
        rows.add("issue_version", {"issue_id": issue_id, "version_id": context.ref("version", version)})
    map_issue_links(issue, record, context, rows)


def classify(issue_type: Mapping[str, Any], context: JiraContext) -> tuple[int, IssueType]:
    """Hierarchy level and normalised type. Data Center tells no level: an epic is known by its name there."""
    name = str(issue_type.get("name") or "").removeprefix("[System] ").lower()
    level = whole(issue_type.get("hierarchyLevel"))
    if level is None:
        level = -1 if issue_type.get("subtask") else int(_TYPE_OF_NAME.get(name) is IssueType.EPIC)
    if name in context.incident_types:
        return level, IssueType.INCIDENT
    if name in context.risk_types:
        return level, IssueType.RISK
    if level != 0:
        return level, {-1: IssueType.SUBTASK, 1: IssueType.EPIC}.get(level, IssueType.OTHER)
    return level, _TYPE_OF_NAME.get(name, IssueType.OTHER)


def outcome(resolution: str | None, status: Mapping[str, Any], not_delivered: frozenset[str]) -> Outcome | None:
    """How an issue ended: by its resolution, or, in workflows that set none, delivered once its status is done."""
    if resolution is not None:
        spoken = resolution.replace("\u2019", "'").lower()
        return Outcome.NOT_DELIVERED if spoken in not_delivered else Outcome.DELIVERED
    return Outcome.DELIVERED if mapping(status.get("statusCategory")).get("key") == "done" else None


def _points(fields: Mapping[str, Any], candidates: tuple[str, ...]) -> tuple[str | None, float | None]:
    """First estimation field that holds a number, and the number; an estimate of 0 is an estimate."""
    for name in candidates:
        points = number(fields.get(name))
        if points is not None:
            return name, points
    return None, None


def _map_sprints(
    fields: Mapping[str, Any], issue_id: str, record: RawRecord, context: JiraContext, rows: CanonicalRows
) -> None:
    rows.replace("issue_sprint", issue_id)
    seen: set[str] = set()
    for name in context.roles.sprint:
        value = fields.get(name)
        for entry in value if isinstance(value, list) else ():
            sprint = parse_sprint_string(entry) if isinstance(entry, str) else entry
            if not isinstance(sprint, Mapping):
                raise MappingError(f"{issue_id}: a value of the sprint field is no sprint: {str(entry)[:80]!r}")
            number_ = native_id(sprint, f"a sprint of {issue_id}")
            if number_ in seen:
                continue
            seen.add(number_)
            rows.add("issue_sprint", {"issue_id": issue_id, "sprint_id": context.ref("sprint", number_)})
            # A sprint that no board lists (its board is private or gone) is known from its issues alone. What a board
            # says is newer and richer, and must not be overwritten from here.
            if number_ not in context.sprint_ids:
                sprint_row(sprint, record, context, rows)


def _team(fields: Mapping[str, Any], context: JiraContext, rows: CanonicalRows) -> str | None:
    """Team in the team field: an object with id and name (teams, select lists) or a plain text."""
    for name in context.roles.team:
        value = fields.get(name)
        team = mapping(value)
        ref = team.get("id") or (value if isinstance(value, str | int) and value != "" else None)
        if ref is None:
            continue
        team_id = context.ref("team", ref)
        shown = team.get("name") or team.get("title") or team.get("value") or ref
        rows.add("team", {"team_id": team_id, "name": text(shown), "estimate_scale_id": team_id})
        return team_id
    return None


def _sorted_json(values: Any) -> str:
    return json_text.dumps(sorted({str(value).replace("\x00", "") for value in values if value})).decode()
