"""Projects with their versions and components.

What the account may see follows Jira: an administrator finds every live project in ``project/search``, also one that
it may not browse; reading that one, its issues, or naming it in JQL fails as if it did not exist. ``action=browse``
leaves it out. Archived projects are found only with ``status=archived``; they and their issues can be read one by one
but not searched.
"""

from collections.abc import Sequence
from typing import Any

from itpm_pipeline.sandbox.company.model import JiraProject
from itpm_pipeline.sandbox.jira.answers import JiraError, names, page_bean
from itpm_pipeline.sandbox.jira.entities import Json, project_style
from itpm_pipeline.sandbox.jira.instants import local
from itpm_pipeline.sandbox.jira.routing import Call, Endpoint

_STATUSES = frozenset({"live", "archived", "deleted"})
_ACTIONS = frozenset({"view", "browse", "edit", "create"})


async def project_search(call: Call) -> Any:
    """GET project/search: by page of at most 100, in order of keys or names."""
    parameters = call.request.query_params
    wanted_statuses = set(names(parameters.getlist("status"))) or {"live"}
    action = call.query("action") or "view"
    if wanted_statuses - _STATUSES or action not in _ACTIONS:
        raise JiraError(400, "The status or action is invalid.")
    keys = {key.upper() for key in names(parameters.getlist("keys"))}
    ids = set(names(parameters.getlist("id")))
    text = (call.query("query") or "").lower()
    order = call.query("orderBy") or "key"
    found = [
        project
        for project in call.site.company.jira_projects.values()
        if ("archived" if project.archived else "live") in wanted_statuses
        and (action == "view" or (action == "browse" and project.readable))
        and (not keys or project.key.upper() in keys)
        and (not ids or project.id in ids)
        and (text in project.key.lower() or text in project.name.lower())
    ]
    by_name = order.lstrip("+-") == "name"
    found.sort(key=lambda project: project.name if by_name else project.key, reverse=order.startswith("-"))
    page = page_bean(call.request, found, default=50, cap=100)
    page["values"] = [_listed(call, project) for project in page["values"]]
    return page


async def project_list(call: Call) -> Any:
    """GET project: all live ones at once; deprecated, but older clients use it."""
    return [_listed(call, project) for project in call.site.company.jira_projects.values() if not project.archived]


def _listed(call: Call, project: JiraProject, expand: Sequence[str] = ()) -> Json:
    entities = call.renderer.entities
    expand = (*expand, *names(call.request.query_params.getlist("expand")))
    shown: Json = {"expand": "description,lead,issueTypes,url,projectKeys,permissions,insight"}
    shown |= entities.project_reference(project)
    shown |= {
        "isPrivate": not project.readable,
        "style": project_style(project),
        "properties": {},
    }
    if "description" in expand:
        shown["description"] = ""
    if "lead" in expand:
        shown["lead"] = entities.people[project.lead]
    if "issueTypes" in expand:
        shown["issueTypes"] = _types(call, project)
    if "insight" in expand and project.readable:
        issues = call.site.updated_between([project.id], None, None)
        shown["insight"] = {"totalIssueCount": len(issues)}
        if issues:
            shown["insight"]["lastIssueUpdateTime"] = local(issues[-1].updated_at, call.site.zone)
    if project.archived:
        shown["archived"] = True
    return shown


def _types(call: Call, project: JiraProject) -> list[Json]:
    owner = project.id if project.team_managed else None
    return [shown for (scope, _), shown in call.renderer.entities.issue_types.items() if scope == owner]


async def get_project(call: Call) -> Any:
    """GET project/{projectIdOrKey}."""
    project = call.site.project(call.path("ref"))
    entities = call.renderer.entities
    return _listed(call, project, ["description", "lead", "issueTypes"]) | {
        "assigneeType": "UNASSIGNED",
        "versions": [entities.version(project, version) for version in project.versions],
        "components": [_component(call, project, name) for name in project.components],
        "roles": {},
    }


async def version_page(call: Call) -> Any:
    """GET project/{projectIdOrKey}/version: by page."""
    return page_bean(call.request, _versions(call), default=50, cap=50)


async def version_list(call: Call) -> Any:
    """GET project/{projectIdOrKey}/versions: all at once."""
    return _versions(call)


def _versions(call: Call) -> list[Json]:
    project = call.site.project(call.path("ref"))
    return [call.renderer.entities.version(project, version) for version in project.versions]


def _component(call: Call, project: JiraProject, name: str) -> Json:
    return call.renderer.entities.components[project.id, name] | {
        "assigneeType": "PROJECT_DEFAULT",
        "realAssigneeType": "PROJECT_DEFAULT",
        "isAssigneeTypeValid": False,
        "project": project.key,
        "projectId": int(project.id),
    }


async def component_page(call: Call) -> Any:
    """GET project/{projectIdOrKey}/component: by page, with the number of issues each holds."""
    project = call.site.project(call.path("ref"))
    issues = call.site.updated_between([project.id], None, None)
    shown = [
        _component(call, project, name) | {"issueCount": sum(name in issue.components for issue in issues)}
        for name in project.components
    ]
    return page_bean(call.request, shown, default=50, cap=50)


async def component_list(call: Call) -> Any:
    """GET project/{projectIdOrKey}/components: all at once."""
    project = call.site.project(call.path("ref"))
    return [_component(call, project, name) for name in project.components]


ENDPOINTS = (
    Endpoint("GET", "/rest/api/{version}/project", project_list),
    Endpoint("GET", "/rest/api/{version}/project/search", project_search),
    Endpoint("GET", "/rest/api/{version}/project/{ref}", get_project),
    Endpoint("GET", "/rest/api/{version}/project/{ref}/version", version_page),
    Endpoint("GET", "/rest/api/{version}/project/{ref}/versions", version_list),
    Endpoint("GET", "/rest/api/{version}/project/{ref}/component", component_page),
    Endpoint("GET", "/rest/api/{version}/project/{ref}/components", component_list),
)
