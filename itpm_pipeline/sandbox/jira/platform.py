"""The site itself: server, account, permissions, people, and the lists an administrator set up."""

from typing import Any

from itpm_pipeline.sandbox.company.model import JiraProject
from itpm_pipeline.sandbox.jira import catalog
from itpm_pipeline.sandbox.jira.answers import JiraError, names, page_bean, window
from itpm_pipeline.sandbox.jira.entities import Json
from itpm_pipeline.sandbox.jira.field_catalog import FIELDS
from itpm_pipeline.sandbox.jira.instants import local
from itpm_pipeline.sandbox.jira.routing import Call, Endpoint

_MAX_USERS = 1000


async def server_info(call: Call) -> Any:
    """GET serverInfo: open to everybody."""
    site = call.site
    return {
        "baseUrl": site.base,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100296,
        "buildDate": "2026-11-10T04:23:16.000+0000",
        "serverTime": local(site.clock.now(), site.zone),
        "scmInfo": "6fa1a6b0b1b1c6ad2f36d0b3a2e4c1d2f3a4b5c6",
        "serverTitle": f"{site.company.name} Jira",
        "defaultLocale": {"locale": "en_US"},
        "serverTimeZone": site.timezone,
    }


async def myself(call: Call) -> Any:
    """GET myself: the account, with the time zone in which JQL dates are read."""
    account = call.site.account
    return call.renderer.entities.people[account.key] | {
        "emailAddress": call.site.email,
        "timeZone": call.site.timezone,
        "locale": "en_US",
        "groups": {"size": 1, "items": []},
        "applicationRoles": {"size": 1, "items": []},
        "expand": "groups,applicationRoles",
    }


async def my_permissions(call: Call) -> Any:
    """GET mypermissions: everywhere, in a project or for an issue."""
    wanted = names(call.request.query_params.getlist("permissions"))
    if not wanted:
        raise JiraError(400, "The 'permissions' query parameter is required.")
    unknown = [name for name in wanted if name not in catalog.PERMISSIONS]
    if unknown:
        raise JiraError(400, f"Unrecognized permissions: {', '.join(unknown)}")
    project = _project_in_question(call)
    return {"permissions": {name: _permission(call, name, project) for name in wanted}}


def _project_in_question(call: Call) -> JiraProject | None:
    issue_ref = call.query("issueId") or call.query("issueKey")
    if issue_ref:
        return call.site.company.jira_projects[call.site.issue(issue_ref).project_id]
    ref = call.query("projectId") or call.query("projectKey")
    if not ref:
        return None
    for project in call.site.company.jira_projects.values():
        if ref.upper() in (project.id, project.key.upper()):
            return project
    raise JiraError(404, f"No project could be found with key '{ref}'.")


def _permission(call: Call, name: str, project: JiraProject | None) -> Json:
    number, title, kind = catalog.PERMISSIONS[name]
    return {
        "id": number,
        "key": name,
        "name": title,
        "type": kind,
        "description": "",
        "havePermission": _holds(call, name, project),
    }


def _holds(call: Call, name: str, project: JiraProject | None) -> bool:
    if name in catalog.HELD_EVERYWHERE:
        return True
    if name != "BROWSE_PROJECTS":
        return False
    if project is None:
        return any(candidate.readable for candidate in call.site.company.jira_projects.values())
    return project.readable


async def permitted_projects(call: Call) -> Any:
    """POST permissions/project: the projects in which the account holds all of some permissions."""
    wanted = (await call.body()).get("permissions") or []
    unknown = [name for name in wanted if name not in catalog.PERMISSIONS]
    if unknown:
        raise JiraError(400, f"Unrecognized permissions: {', '.join(unknown)}")
    projects = call.site.company.jira_projects.values()
    held = [project for project in projects if all(_holds(call, name, project) for name in wanted)]
    return {"projects": [{"id": int(project.id), "key": project.key} for project in held]}


# --- People ----------------------------------------------------------------------------------------------------


async def user(call: Call) -> Any:
    """GET user?accountId=…."""
    account_id = call.query("accountId")
    if not account_id:
        raise JiraError(400, "The query parameter 'accountId' is required.")
    for shown in call.renderer.entities.people.values():
        if shown["accountId"] == account_id:
            return shown
    raise JiraError(404, "Specified user does not exist or you do not have required permissions")


async def users(call: Call) -> Any:
    """GET users/search: a bare list, inactive people and apps included, at most 1,000 a page."""
    start, size = window(call.request, default=50, cap=_MAX_USERS)
    return list(call.renderer.entities.people.values())[start : start + size]


# --- Lists -----------------------------------------------------------------------------------------------------


async def fields(_call: Call) -> Any:
    """GET field."""
    return FIELDS


async def statuses(call: Call) -> Any:
    """GET status."""
    return list(call.renderer.entities.statuses.values())


async def status_search(call: Call) -> Any:
    """GET statuses/search: the same statuses in another shape, by page."""
    category = call.query("statusCategory")
    text = (call.query("searchString") or "").lower()
    shown = []
    for status in call.site.company.statuses.values():
        name = catalog.STATUS_CATEGORIES[status.category].search_name
        if text in status.name.lower() and category in (None, name):
            shown.append(
                {
                    "id": status.id,
                    "name": status.name,
                    "statusCategory": name,
                    "scope": {"type": "GLOBAL"},
                    "description": "",
                }
            )
    return page_bean(call.request, shown, default=200, cap=200)


async def status_categories(call: Call) -> Any:
    """GET statuscategory."""
    return list(call.renderer.entities.status_categories.values())


async def issue_types(call: Call) -> Any:
    """GET issuetype: those of team-managed projects have a scope."""
    return list(call.renderer.entities.issue_types.values())


def _priorities(call: Call) -> list[Json]:
    return [
        shown | {"statusColor": catalog.PRIORITY_COLORS.get(shown["id"], "#999999"), "description": ""}
        for shown in call.renderer.entities.priorities.values()
    ]


async def priorities(call: Call) -> Any:
    """GET priority."""
    return _priorities(call)


async def priority_search(call: Call) -> Any:
    """GET priority/search."""
    shown = [priority | {"isDefault": priority["name"] == "Medium"} for priority in _priorities(call)]
    return page_bean(call.request, shown)


async def resolutions(call: Call) -> Any:
    """GET resolution."""
    return list(call.renderer.entities.resolutions.values())


async def resolution_search(call: Call) -> Any:
    """GET resolution/search."""
    shown = [resolution | {"default": False} for resolution in call.renderer.entities.resolutions.values()]
    return page_bean(call.request, shown)


async def link_types(call: Call) -> Any:
    """GET issueLinkType."""
    return {"issueLinkTypes": list(call.renderer.entities.link_types.values())}


ENDPOINTS = (
    Endpoint("GET", "/rest/api/{version}/serverInfo", server_info, open=True),
    Endpoint("GET", "/rest/api/{version}/myself", myself),
    Endpoint("GET", "/rest/api/{version}/mypermissions", my_permissions),
    Endpoint("POST", "/rest/api/{version}/permissions/project", permitted_projects),
    Endpoint("GET", "/rest/api/{version}/user", user),
    Endpoint("GET", "/rest/api/{version}/users/search", users),
    Endpoint("GET", "/rest/api/{version}/field", fields),
    Endpoint("GET", "/rest/api/{version}/status", statuses),
    Endpoint("GET", "/rest/api/{version}/statuses/search", status_search),
    Endpoint("GET", "/rest/api/{version}/statuscategory", status_categories),
    Endpoint("GET", "/rest/api/{version}/issuetype", issue_types),
    Endpoint("GET", "/rest/api/{version}/priority", priorities),
    Endpoint("GET", "/rest/api/{version}/priority/search", priority_search),
    Endpoint("GET", "/rest/api/{version}/resolution", resolutions),
    Endpoint("GET", "/rest/api/{version}/resolution/search", resolution_search),
    Endpoint("GET", "/rest/api/{version}/issueLinkType", link_types),
)
