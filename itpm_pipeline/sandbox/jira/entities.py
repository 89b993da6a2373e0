"""What issues refer to, as Jira's REST API shows it: people, statuses, types, projects, versions, sprints."""

from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import quote

from itpm_pipeline.sandbox.company import fields
from itpm_pipeline.sandbox.company.model import JiraIssue, JiraProject, JiraSprint, JiraVersion, Person
from itpm_pipeline.sandbox.jira import catalog
from itpm_pipeline.sandbox.jira.instants import zulu
from itpm_pipeline.sandbox.jira.site import Site

Json = dict[str, Any]

_SIZES = ("48x48", "24x24", "16x16", "32x32")


class Entities:
    """REST representations of everything but issues, for one generation of a site and one API version."""

    def __init__(self, site: Site, version: str) -> None:
        self._site = site
        self._company = site.company
        self.api = f"{site.base}/rest/api/{version}"
        self.agile = f"{site.base}/rest/agile/1.0"

    # --- People ------------------------------------------------------------------------------------------------

    @cached_property
    def people(self) -> dict[str, Json]:
        """By ``Person.key``. Apps and inactive accounts show no e-mail address."""
        return {key: self._person(person) for key, person in self._company.people.items()}

    def _person(self, person: Person) -> Json:
        shown: Json = {
            "self": f"{self.api}/user?accountId={quote(person.jira_account_id, safe='')}",
            "accountId": person.jira_account_id,
            "accountType": "app" if person.is_bot else "atlassian",
        }
        if person.is_active and not person.is_bot:
            shown["emailAddress"] = person.email
        initials = "".join(word[0] for word in person.name.split()[:2]).upper() or "X"
        shown["avatarUrls"] = {
            size: f"https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/{quote(initials)}-0.png"
            for size in _SIZES
        }
        shown["displayName"] = person.name
        shown["active"] = person.is_active
        shown["timeZone"] = self._site.timezone
        return shown

    # --- Statuses, types, priorities, resolutions, link types --------------------------------------------------

    @cached_property
    def status_categories(self) -> dict[str, Json]:
        """By key."""
        return {
            key: {
                "self": f"{self.api}/statuscategory/{category.id}",
                "id": category.id,
                "key": category.key,
                "colorName": category.color,
                "name": category.name,
            }
            for key, category in catalog.STATUS_CATEGORIES.items()
        }

    @cached_property
    def statuses(self) -> dict[str, Json]:
        """By id."""
        return {
            status.id: {
                "self": f"{self.api}/status/{status.id}",
                "description": "",
                "iconUrl": f"{self._site.base}/",
                "name": status.name,
                "id": status.id,
                "statusCategory": self.status_categories[status.category],
            }
            for status in self._company.statuses.values()
        }

    @cached_property
    def issue_types(self) -> dict[tuple[str | None, str], Json]:
        """By (project id or None, name): every team-managed project has types of its own, with ids of their own."""
        projects = self._company.jira_projects
        shared: set[str] = set()
        own: set[tuple[str, str]] = set()
        for issue in self._company.jira_issues.values():
            if projects[issue.project_id].team_managed:
                own.add((issue.project_id, issue.type))
            else:
                shared.add(issue.type)
        types: dict[tuple[str | None, str], Json] = {}
        for name, type_id in catalog.numbered(catalog.ISSUE_TYPES, shared, catalog.FIRST_OTHER_ISSUE_TYPE).items():
            types[None, name] = self._issue_type(name, type_id)
        for place, (project_id, name) in enumerate(sorted(own)):
            type_id = str(catalog.FIRST_TEAM_MANAGED_ISSUE_TYPE + place)
            scope = {"type": "PROJECT", "project": {"id": project_id}}
            types[project_id, name] = self._issue_type(name, type_id) | {"scope": scope}
        return types

    def _issue_type(self, name: str, type_id: str) -> Json:
        level = catalog.HIERARCHY_LEVELS.get(name, 0)
        return {
            "self": f"{self.api}/issuetype/{type_id}",
            "id": type_id,
            "description": "",
            "iconUrl": f"{self.api}/universal_avatar/view/type/issuetype/avatar/10300?size=medium",
            "name": name,
            "subtask": level < 0,
            "avatarId": 10300,
            "hierarchyLevel": level,
        }

    def issue_type(self, issue: JiraIssue) -> Json:
        """The type of an issue, as its project has it."""
        project = self._company.jira_projects[issue.project_id]
        return self.issue_types[project.id if project.team_managed else None, issue.type]

    @cached_property
    def priorities(self) -> dict[str, Json]:
        """By name, highest first."""
        used = {issue.priority for issue in self._company.jira_issues.values()}
        numbers = catalog.numbered(fields.PRIORITIES, used, catalog.FIRST_OTHER_PRIORITY)
        return {
            name: {
                "self": f"{self.api}/priority/{number}",
                "iconUrl": f"{self._site.base}/images/icons/priorities/{quote(name.lower())}.svg",
                "name": name,
                "id": number,
            }
            for name, number in numbers.items()
        }

    @cached_property
    def resolutions(self) -> dict[str, Json]:
        """By name."""
        used = {issue.resolution for issue in self._company.jira_issues.values() if issue.resolution}
        numbers = catalog.numbered(fields.RESOLUTIONS, used, catalog.FIRST_OTHER_RESOLUTION)
        return {
            name: {"self": f"{self.api}/resolution/{number}", "id": number, "description": "", "name": name}
            for name, number in numbers.items()
        }

    @cached_property
    def link_types(self) -> dict[str, Json]:
        """By name; a kind that the catalogue does not know reads the same in both directions."""
        kinds = dict(fields.LINK_TYPES)
        unknown = sorted({link.type for link in self._company.links.values()} - kinds.keys())
        for place, name in enumerate(unknown):
            kinds[name] = (str(catalog.FIRST_OTHER_LINK_TYPE + place), name.lower(), name.lower())
        return {
            name: {
                "id": number,
                "name": name,
                "inward": inward,
                "outward": outward,
                "self": f"{self.api}/issueLinkType/{number}",
            }
            for name, (number, outward, inward) in kinds.items()
        }

    # --- Projects ----------------------------------------------------------------------------------------------

    @cached_property
    def project_categories(self) -> dict[str, Json]:
        """By name."""
        used = sorted({project.category for project in self._company.jira_projects.values() if project.category})
        return {
            name: {
                "self": f"{self.api}/projectCategory/{10000 + place}",
                "id": str(10000 + place),
                "description": "",
                "name": name,
            }
            for place, name in enumerate(used)
        }

    def project_reference(self, project: JiraProject) -> Json:
        """A project as issues and boards show it."""
        avatar = f"{self.api}/universal_avatar/view/type/project/avatar/10400"
        shown: Json = {
            "self": f"{self.api}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": project.team_managed,
            "avatarUrls": dict.fromkeys(_SIZES, avatar),
        }
        if project.category:
            shown["projectCategory"] = self.project_categories[project.category]
        return shown

    def version(self, project: JiraProject, version: JiraVersion) -> Json:
        """A version as its project lists it."""
        shown = self.version_reference(version)
        if version.start_date:
            shown["startDate"] = version.start_date.isoformat()
        if not version.released:
            today = self._site.clock.now().astimezone(self._site.zone).date()
            shown["overdue"] = _is_past(version.release_date, today)
        shown["projectId"] = int(project.id)
        return shown

    def version_reference(self, version: JiraVersion) -> Json:
        """A version as issues show it."""
        shown: Json = {
            "self": f"{self.api}/version/{version.id}",
            "id": version.id,
            "description": version.description,
            "name": version.name,
            "archived": version.archived,
            "released": version.released,
        }
        if version.release_date:
            shown["releaseDate"] = version.release_date.isoformat()
        return shown

    @cached_property
    def versions(self) -> dict[str, Json]:
        """``version_reference`` by version id."""
        return {
            version.id: self.version_reference(version)
            for project in self._company.jira_projects.values()
            for version in project.versions
        }

    @cached_property
    def components(self) -> dict[tuple[str, str], Json]:
        """By (project id, name)."""
        pairs = [(p.id, name) for p in self._company.jira_projects.values() for name in p.components]
        return {
            pair: {"self": f"{self.api}/component/{10000 + place}", "id": str(10000 + place), "name": pair[1]}
            for place, pair in enumerate(pairs)
        }

    # --- Sprints -----------------------------------------------------------------------------------------------

    @cached_property
    def sprint_values(self) -> dict[int, Json]:
        """By id, as the Sprint field of an issue shows them; a future sprint has no dates."""
        return {sprint.id: self._sprint_value(sprint) for sprint in self._company.sprints.values()}

    def _sprint_value(self, sprint: JiraSprint) -> Json:
        value: Json = {
            "id": sprint.id,
            "name": sprint.name,
            "state": sprint.state,
            "boardId": sprint.board_id,
            "goal": sprint.goal,
        }
        return value | sprint_dates(sprint)


def sprint_dates(sprint: JiraSprint) -> Json:
    """The dates a sprint has, under Jira's names; those it has not are left out."""
    dates = {"startDate": sprint.start_at, "endDate": sprint.end_at, "completeDate": sprint.completed_at}
    return {name: zulu(at) for name, at in dates.items() if at is not None}


def project_style(project: JiraProject) -> str:
    """Jira's internal word for who manages a project, its team or the company."""
    return "next-gen" if project.team_managed else "classic"


def _is_past(due: date | None, today: date) -> bool:
    return due is not None and due < today
