"""How Jira words a changed field in an issue's history, one function a field."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from itpm_pipeline.sandbox.company.fields import (
    EPIC_LINK,
    FLAG_OPTION_ID,
    FLAGGED,
    PRIORITIES,
    RANK,
    RESOLUTIONS,
    SPRINT,
    START_DATE,
    STORY_POINT_ESTIMATE,
    STORY_POINTS,
    CustomField,
)
from itpm_pipeline.sandbox.company.model import Company, HistoryItem, JiraIssue

Wording = Callable[[Company, JiraIssue, Any], list[HistoryItem]]
"""(company, issue as it was, new value) to the items of the entry."""


def _system(field: str, field_id: str | None, before: tuple[Any, Any], after: tuple[Any, Any]) -> list[HistoryItem]:
    return [HistoryItem(field, field_id, "jira", before[0], before[1], after[0], after[1])]


def _custom(field: CustomField, before: tuple[Any, Any], after: tuple[Any, Any]) -> list[HistoryItem]:
    return [HistoryItem(field.name, field.id, "custom", before[0], before[1], after[0], after[1])]


def number_text(value: float | None) -> str | None:
    """Jira writes 3.0 as ``3`` and 0.5 as ``0.5``."""
    return None if value is None else f"{value:g}"


def _status(company: Company, issue: JiraIssue, value: str) -> list[HistoryItem]:
    before, after = company.statuses[issue.status_id], company.statuses[value]
    return _system("status", "status", (before.id, before.name), (after.id, after.name))


def _resolution(_: Company, issue: JiraIssue, value: str | None) -> list[HistoryItem]:
    def pair(name: str | None) -> tuple[str | None, str | None]:
        return (RESOLUTIONS[name], name) if name else (None, None)

    return _system("resolution", "resolution", pair(issue.resolution), pair(value))


def _assignee(company: Company, issue: JiraIssue, value: str | None) -> list[HistoryItem]:
    def pair(key: str | None) -> tuple[str | None, str | None]:
        return (company.people[key].jira_account_id, company.people[key].name) if key else (None, None)

    return _system("assignee", "assignee", pair(issue.assignee), pair(value))


def _priority(_: Company, issue: JiraIssue, value: str) -> list[HistoryItem]:
    return _system("priority", "priority", (PRIORITIES[issue.priority], issue.priority), (PRIORITIES[value], value))


def _sprints(company: Company, issue: JiraIssue, value: Sequence[int]) -> list[HistoryItem]:
    """The complete lists before and after: sprints closed meanwhile stay in them. No sprint is an empty text."""
    def pair(ids: Sequence[int]) -> tuple[str, str]:
        return ", ".join(map(str, ids)), ", ".join(company.sprints[number].name for number in ids)

    return _custom(SPRINT, pair(issue.sprint_ids), pair(value))


def _points(company: Company, issue: JiraIssue, value: float | None) -> list[HistoryItem]:
    """The numbers stand only in the words; ``from`` and ``to`` are null."""
    field = STORY_POINT_ESTIMATE if company.jira_projects[issue.project_id].team_managed else STORY_POINTS
    return _custom(field, (None, number_text(issue.points)), (None, number_text(value)))


def _day(value: date | None) -> tuple[str | None, str | None]:
    return (value.isoformat(), f"{value.isoformat()} 00:00:00.0") if value else (None, None)


def _due_date(_: Company, issue: JiraIssue, value: date | None) -> list[HistoryItem]:
    return _system("duedate", "duedate", _day(issue.due_date), _day(value))


def _start_date(_: Company, issue: JiraIssue, value: date | None) -> list[HistoryItem]:
    return _custom(START_DATE, _day(issue.start_date), _day(value))


def _fix_versions(company: Company, issue: JiraIssue, value: Sequence[str]) -> list[HistoryItem]:
    """One item for each version taken out, then one for each put in."""
    names = {version.id: version.name for version in company.jira_projects[issue.project_id].versions}
    items = []
    for version in issue.fix_version_ids:
        if version not in value:
            items += _system("Fix Version", "fixVersions", (version, names[version]), (None, None))
    for version in value:
        if version not in issue.fix_version_ids:
            items += _system("Fix Version", "fixVersions", (None, None), (version, names[version]))
    return items


def _labels(_: Company, issue: JiraIssue, value: Sequence[str]) -> list[HistoryItem]:
    return _system("labels", "labels", (None, " ".join(issue.labels)), (None, " ".join(value)))


def _flagged(_: Company, issue: JiraIssue, value: bool) -> list[HistoryItem]:
    def pair(is_flagged: bool) -> tuple[str | None, str | None]:
        return (f"[{FLAG_OPTION_ID}]", "Impediment") if is_flagged else (None, None)

    return _custom(FLAGGED, pair(issue.is_flagged), pair(value))


def _original(_: Company, issue: JiraIssue, value: int | None) -> list[HistoryItem]:
    return _seconds("timeoriginalestimate", issue.original_seconds, value)


def _remaining(_: Company, issue: JiraIssue, value: int | None) -> list[HistoryItem]:
    return _seconds("timeestimate", issue.remaining_seconds, value)


def _seconds(field: str, before: int | None, after: int | None) -> list[HistoryItem]:
    def pair(value: int | None) -> tuple[str | None, str | None]:
        return (None, None) if value is None else (str(value), str(value))

    return _system(field, field, pair(before), pair(after))


def _summary(_: Company, issue: JiraIssue, value: str) -> list[HistoryItem]:
    return _system("summary", "summary", (None, issue.summary), (None, value))


def _description(_: Company, issue: JiraIssue, value: str) -> list[HistoryItem]:
    return _system("description", "description", (None, issue.description), (None, value))


def parent_item(company: Company, issue: JiraIssue, parent_id: str | None, *, as_epic_link: bool) -> list[HistoryItem]:
    """A change of parent: today an ``IssueParentAssociation`` without field id, before that an ``Epic Link``."""
    def pair(key: str | None) -> tuple[str | None, str | None]:
        return (key, company.jira_issues[key].key) if key else (None, None)

    if as_epic_link:
        return _custom(EPIC_LINK, pair(issue.parent_id), pair(parent_id))
    return _system("IssueParentAssociation", None, pair(issue.parent_id), pair(parent_id))


def link_item(other_key: str, words: str, *, is_added: bool) -> list[HistoryItem]:
    """A link that came or went: the other key in ``from``/``to``, a sentence in the words; no field id."""
    there, nothing = (other_key, f"This issue {words} {other_key}"), (None, None)
    return _system("Link", None, *((nothing, there) if is_added else (there, nothing)))


def remote_link_item(title: str, words: str) -> list[HistoryItem]:
    """A link to an address outside."""
    return _system("RemoteIssueLink", None, (None, None), (None, f'This issue {words} "{title}"'))


def rank_item(*, is_higher: bool) -> list[HistoryItem]:
    """The issue was dragged in the backlog."""
    return _custom(RANK, ("", ""), ("", "Ranked higher" if is_higher else "Ranked lower"))


def move_items(issue: JiraIssue, before: tuple[str, str], after: tuple[str, str], new_key: str) -> list[HistoryItem]:
    """A move to another project: ``before`` and ``after`` are (id, name) of the projects."""
    return [
        *_system("project", "project", before, after),
        *_system("Key", None, (None, issue.key), (None, new_key)),
    ]


WORDINGS: dict[str, Wording] = {
    "status_id": _status, "resolution": _resolution, "assignee": _assignee, "priority": _priority,
    "sprint_ids": _sprints, "points": _points, "due_date": _due_date, "start_date": _start_date,
    "fix_version_ids": _fix_versions, "labels": _labels, "is_flagged": _flagged, "original_seconds": _original,
    "remaining_seconds": _remaining, "summary": _summary, "description": _description,
}
"""By attribute of :class:`JiraIssue`."""
