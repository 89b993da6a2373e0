"""The fields that JQL knows here: what issues hold in them, and what a literal means in them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from itpm_pipeline.sandbox.company import fields
from itpm_pipeline.sandbox.company.model import JiraIssue, Person
from itpm_pipeline.sandbox.jira import catalog
from itpm_pipeline.sandbox.jira.answers import JiraError
from itpm_pipeline.sandbox.jira.entities import Entities, Json
from itpm_pipeline.sandbox.jira.instants import millis
from itpm_pipeline.sandbox.jira.jql import Empty, Function, Operand, Value
from itpm_pipeline.sandbox.jira.site import Site

Held = Callable[[JiraIssue], Iterable[str]]
Meant = Callable[[Operand], frozenset[str]]


@dataclass(frozen=True, slots=True)
class SetField:
    """A field compared for equality: an issue ``held`` some ids in it, an operand is ``meant`` as some ids.

    Nothing meant is EMPTY.
    """

    held: Held
    meant: Meant


@dataclass(frozen=True, slots=True)
class DateField:
    """A field compared as an instant: epoch milliseconds, or None for an empty one."""

    held: Callable[[JiraIssue], int | None]


@dataclass(frozen=True, slots=True)
class KeyField:
    """The issue itself, by key or id."""


@dataclass(frozen=True, slots=True)
class TextField:
    """A field searched for words with ``~``."""

    held: Callable[[JiraIssue], str]


JqlField = SetField | DateField | KeyField | TextField

ALIASES = {
    "issuekey": "key", "id": "key", "issue": "key",
    "updateddate": "updated", "createddate": "created", "resolutiondate": "resolved", "due": "duedate",
    "type": "issuetype", "epic link": "parent", "fixversions": "fixversion", "components": "component",
    "label": "labels",
    f"cf[{fields.SPRINT.id.removeprefix('customfield_')}]": "sprint",
    f"cf[{fields.EPIC_LINK.id.removeprefix('customfield_')}]": "parent",
    f"cf[{fields.FLAGGED.id.removeprefix('customfield_')}]": "flagged",
}  # fmt: skip


def canonical(name: str) -> str:
    """One name for a field's many."""
    return ALIASES.get(name.lower(), name.lower())


def known_fields(site: Site, entities: Entities) -> dict[str, JqlField]:
    """Every field by its canonical name."""
    company = site.company
    versions = [(version.id, version.name) for p in company.jira_projects.values() for version in p.versions]
    types = [(shown["id"], shown["name"]) for shown in entities.issue_types.values()]
    categories = [(category.key, category.name) for category in catalog.STATUS_CATEGORIES.values()]
    categories += [(category.key, str(category.id)) for category in catalog.STATUS_CATEGORIES.values()]
    projects = [(p.id, alias) for p in site.searchable_projects() for alias in (p.key, p.name, *p.old_keys)]
    return {
        "key": KeyField(),
        "project": SetField(lambda issue: (issue.project_id,), _named("project", projects)),
        "issuetype": SetField(lambda issue: (entities.issue_type(issue)["id"],), _named("issuetype", types)),
        "status": SetField(
            lambda issue: (issue.status_id,),
            _named("status", [(status.id, status.name) for status in company.statuses.values()]),
        ),
        "statuscategory": SetField(
            lambda issue: (company.statuses[issue.status_id].category,), _named("statusCategory", categories)
        ),
        "priority": SetField(
            lambda issue: (entities.priorities[issue.priority]["id"],), _named("priority", _pairs(entities.priorities))
        ),
        "resolution": SetField(
            lambda issue: (entities.resolutions[issue.resolution]["id"],) if issue.resolution else (),
            _named("resolution", _pairs(entities.resolutions), empty_word="unresolved"),
        ),
        "labels": SetField(lambda issue: issue.labels, _verbatim),
        "fixversion": SetField(lambda issue: issue.fix_version_ids, _named("fixVersion", versions)),
        "component": SetField(
            lambda issue: [entities.components[issue.project_id, name]["id"] for name in issue.components],
            _named("component", [(shown["id"], shown["name"]) for shown in entities.components.values()]),
        ),
        "sprint": SetField(lambda issue: map(str, issue.sprint_ids), _sprints(site)),
        "parent": SetField(lambda issue: (issue.parent_id,) if issue.parent_id else (), _issues("parent", site)),
        "assignee": SetField(lambda issue: (issue.assignee,) if issue.assignee else (), _people("assignee", site)),
        "reporter": SetField(lambda issue: (issue.reporter,), _people("reporter", site)),
        "flagged": SetField(lambda issue: ("impediment",) if issue.is_flagged else (), _folded),
        "updated": DateField(lambda issue: millis(issue.updated_at)),
        "created": DateField(lambda issue: millis(issue.created_at)),
        "resolved": DateField(lambda issue: _optional(issue.resolved_at)),
        "duedate": DateField(lambda issue: _midnight(issue.due_date, site)),
        "summary": TextField(lambda issue: issue.summary),
        "description": TextField(lambda issue: issue.description),
        "text": TextField(lambda issue: f"{issue.summary}\n{issue.description}"),
    }


def _optional(at: datetime | None) -> int | None:
    return None if at is None else millis(at)


def _midnight(day: date | None, site: Site) -> int | None:
    return None if day is None else millis(datetime(day.year, day.month, day.day, tzinfo=site.zone))


def _pairs(shown: dict[str, Json]) -> list[tuple[str, str]]:
    return [(value["id"], name) for name, value in shown.items()]


def _no_value(field: str, text: str) -> JiraError:
    what = f"A value with ID '{text}'" if text.isdigit() else f"The value '{text}'"
    return JiraError(400, f"{what} does not exist for the field '{field}'.")


def _literal(field: str, operand: Operand) -> str | None:
    """The text of a literal, None for EMPTY; functions are no values here."""
    if isinstance(operand, Function):
        raise JiraError(400, f"Unable to find JQL function '{operand.name}()' for the field '{field}'.")
    return None if isinstance(operand, Empty) else operand.text


def _named(field: str, pairs: list[tuple[str, str]], *, empty_word: str | None = None) -> Meant:
    """Values known by id and by name in any case; the same name may stand for several ids."""
    ids: dict[str, set[str]] = {}
    for value_id, name in pairs:
        ids.setdefault(value_id.lower(), set()).add(value_id)
        ids.setdefault(name.lower(), set()).add(value_id)

    def meant(operand: Operand) -> frozenset[str]:
        text = _literal(field, operand)
        if text is None or text.lower() == empty_word:
            return frozenset()
        if text.lower() not in ids:
            raise _no_value(field, text)
        return frozenset(ids[text.lower()])

    return meant


def _verbatim(operand: Operand) -> frozenset[str]:
    text = _literal("labels", operand)
    return frozenset() if text is None else frozenset({text})


def _folded(operand: Operand) -> frozenset[str]:
    text = _literal("flagged", operand)
    return frozenset() if text is None else frozenset({text.lower()})


def _sprints(site: Site) -> Meant:
    sprints = site.company.sprints.values()
    by_text = _named("sprint", [(str(sprint.id), sprint.name) for sprint in sprints])
    states = {"opensprints": "active", "futuresprints": "future", "closedsprints": "closed"}

    def meant(operand: Operand) -> frozenset[str]:
        if isinstance(operand, Function) and operand.name.lower() in states:
            state = states[operand.name.lower()]
            return frozenset(str(sprint.id) for sprint in sprints if sprint.state == state) or frozenset({"none"})
        try:
            return by_text(operand)
        except JiraError:
            if isinstance(operand, Value):
                kind = "id" if operand.text.isdigit() else "name"
                raise JiraError(
                    400, f"Sprint with {kind} '{operand.text}' does not exist or you do not have permission to view it."
                ) from None
            raise

    return meant


def _issues(field: str, site: Site) -> Meant:
    def meant(operand: Operand) -> frozenset[str]:
        text = _literal(field, operand)
        return frozenset() if text is None else frozenset({referenced(text, field, site).id})

    return meant


def referenced(text: str, field: str, site: Site) -> JiraIssue:
    """The issue that a key or id in JQL means; 400 if there is none to see, unlike a plain lookup."""
    found = site.find_issue(text)
    if found is None or site.company.jira_projects[found.project_id].archived:
        if text.isdigit():
            raise JiraError(400, f"A value with ID '{text}' does not exist for the field '{field}'.")
        raise JiraError(400, f"An issue with key '{text}' does not exist for field '{field}'.")
    return found


def _people(field: str, site: Site) -> Meant:
    people = site.company.people.values()

    def aliases(person: Person) -> tuple[str, ...]:
        return person.jira_account_id, person.name, person.email

    by_text = _named(field, [(person.key, alias) for person in people for alias in aliases(person)])

    def meant(operand: Operand) -> frozenset[str]:
        if isinstance(operand, Function) and operand.name.lower() == "currentuser":
            return frozenset({site.account.key})
        return by_text(operand)

    return meant
