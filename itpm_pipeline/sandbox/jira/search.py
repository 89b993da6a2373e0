"""Searching and fetching issues: search/jql, approximate-count, issue, issue/bulkfetch, and the removed search."""

from typing import Any

from itpm_pipeline.sandbox.jira.answers import JiraError, names
from itpm_pipeline.sandbox.jira.entities import Json
from itpm_pipeline.sandbox.jira.field_catalog import field_names, field_schemas
from itpm_pipeline.sandbox.jira.find import bounded, place_of, token_after
from itpm_pipeline.sandbox.jira.routing import Call, Endpoint
from itpm_pipeline.sandbox.jira.selection import Selection

DEFAULT_PAGE = 50
MAX_PAGE = 100
"""With any field but id and key. Ask for more, and Jira silently gives this many."""
MAX_LIGHT_PAGE = 5000
"""With id and key only."""
MAX_BULK = 100
MAX_RECONCILED = 50

_GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


async def search_by_get(call: Call) -> Any:
    """GET search/jql."""
    parameters = call.request.query_params
    size = call.query("maxResults")
    try:
        wanted_size = int(size) if size else DEFAULT_PAGE
    except ValueError:
        raise JiraError(400, f"Invalid value for maxResults: '{size}'.") from None
    return _search(
        call,
        jql=call.query("jql") or "",
        token=call.query("nextPageToken"),
        size=wanted_size,
        fields=names(parameters.getlist("fields")),
        expand=names(parameters.getlist("expand")),
        reconciled=names(parameters.getlist("reconcileIssues")),
    )


async def search_by_post(call: Call) -> Any:
    """POST search/jql."""
    body = await call.body()
    unknown = body.keys() - {
        "jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys", "failFast",
        "reconcileIssues",
    }  # fmt: skip
    size = DEFAULT_PAGE if body.get("maxResults") is None else body["maxResults"]
    fields, expand = body.get("fields") or [], body.get("expand") or ""
    if unknown or not isinstance(size, int) or not isinstance(fields, list) or not isinstance(expand, str):
        raise JiraError(400, "Invalid request payload. Refer to the REST API documentation and try again.")
    return _search(
        call,
        jql=body.get("jql") or "",
        token=body.get("nextPageToken"),
        size=size,
        fields=fields,
        expand=names([expand]),
        reconciled=body.get("reconcileIssues") or [],
    )


def _search(
    call: Call, *, jql: str, token: str | None, size: int, fields: list[str], expand: list[str], reconciled: list[Any]
) -> Json:
    if len(reconciled) > MAX_RECONCILED:
        raise JiraError(400, f"The maximum number of issues to reconcile is {MAX_RECONCILED}.")
    selection = Selection.of(fields, default="id", changelog="changelog" in expand)
    cap = MAX_LIGHT_PAGE if selection.is_light else MAX_PAGE
    found = call.finder.find(bounded(jql))
    start = place_of(token, jql, found) if token else 0
    end = start + min(max(size, 1), cap)
    is_last = end >= len(found.issues)
    page: Json = {"issues": [call.renderer.issue(issue, selection) for issue in found.issues[start:end]]}
    if not is_last:
        page["nextPageToken"] = token_after(jql, found, end)
    page["isLast"] = is_last
    return page | _descriptions(expand)


def _descriptions(expand: list[str]) -> Json:
    """What ``expand=names,schema`` adds: the fields' names and schemas by id."""
    shown: Json = {}
    if "names" in expand:
        shown["names"] = field_names()
    if "schema" in expand:
        shown["schema"] = field_schemas()
    return shown


async def removed_search(_call: Call) -> Any:
    """GET and POST search, removed in 2025 (CHANGE-2046)."""
    raise JiraError(410, _GONE)


async def approximate_count(call: Call) -> Any:
    """POST search/approximate-count."""
    body = await call.body()
    return {"count": len(call.finder.find(bounded(str(body.get("jql") or ""))).issues)}


async def get_issue(call: Call) -> Any:
    """GET issue/{issueIdOrKey}: also by a key it had before it moved."""
    parameters = call.request.query_params
    expand = names(parameters.getlist("expand"))
    selection = Selection.of(
        names(parameters.getlist("fields")), default="*all", changelog="changelog" in expand
    )
    return call.renderer.issue(call.site.issue(call.path("ref")), selection)


async def fetch_issues(call: Call) -> Any:
    """POST issue/bulkfetch: in ascending id order, with an error for every one not found."""
    body = await call.body()
    refs, fields, expand = body.get("issueIdsOrKeys") or [], body.get("fields") or [], body.get("expand") or []
    if not isinstance(refs, list) or not refs:
        raise JiraError(400, "Issue IDs or keys must be provided.")
    if len(refs) > MAX_BULK:
        raise JiraError(400, f"The maximum number of issues that can be fetched is {MAX_BULK}.")
    selection = Selection.of(fields, default="*navigable", changelog="changelog" in expand)
    found, errors = {}, []
    for ref in map(str, refs):
        issue = call.site.find_issue(ref)
        if issue is None:
            errors.append({"id": ref, "errorMessage": "Issue does not exist or you do not have permission to see it."})
        else:
            found[issue.id] = issue
    issues = sorted(found.values(), key=lambda issue: int(issue.id))
    return {
        "expand": "schema,names",
        "issues": [call.renderer.issue(issue, selection) for issue in issues],
        "issueErrors": errors,
    } | _descriptions(expand)


ENDPOINTS = (
    Endpoint("GET", "/rest/api/{version}/search/jql", search_by_get),
    Endpoint("POST", "/rest/api/{version}/search/jql", search_by_post),
    Endpoint("POST", "/rest/api/{version}/search/approximate-count", approximate_count),
    Endpoint("GET", "/rest/api/{version}/search", removed_search),
    Endpoint("POST", "/rest/api/{version}/search", removed_search),
    Endpoint("POST", "/rest/api/{version}/issue/bulkfetch", fetch_issues),
    Endpoint("GET", "/rest/api/{version}/issue/{ref}", get_issue),
)
