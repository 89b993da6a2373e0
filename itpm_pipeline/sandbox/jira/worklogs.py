"""Logged work and links to the world outside."""

from bisect import bisect_right
from datetime import timedelta
from typing import Any

from itpm_pipeline.sandbox.company.model import RemoteLink
from itpm_pipeline.sandbox.jira.answers import JiraError, integer, window
from itpm_pipeline.sandbox.jira.entities import Json
from itpm_pipeline.sandbox.jira.instants import millis
from itpm_pipeline.sandbox.jira.render import oldest_first
from itpm_pipeline.sandbox.jira.routing import Call, Endpoint

MAX_PAGE = 5000
MAX_CHANGED = 1000
MAX_LISTED = 1000
_HIDDEN = timedelta(minutes=1)


async def issue_worklogs(call: Call) -> Any:
    """GET issue/{issueIdOrKey}/worklog: oldest first; ``startedAfter``/``startedBefore`` in epoch milliseconds."""
    issue = call.site.issue(call.path("ref"))
    start, size = window(call.request, default=MAX_PAGE, cap=MAX_PAGE)
    after, before = integer(call.request, "startedAfter", -1), integer(call.request, "startedBefore", 1 << 62)
    worklogs = [worklog for worklog in oldest_first(issue) if after <= millis(worklog.started_at) < before]
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(worklogs),
        "worklogs": [call.renderer.worklog(issue, worklog) for worklog in worklogs[start : start + size]],
    }


async def updated_worklogs(call: Call) -> Any:
    """GET worklog/updated: ids of worklogs updated after ``since``, 1,000 a page; hides those of the last minute."""
    until = millis(call.site.clock.now() - _HIDDEN)
    since = integer(call.request, "since", 0)
    worklogs = call.site.worklogs
    start = bisect_right(worklogs, since, key=lambda entry: entry[0])
    end = bisect_right(worklogs, until, key=lambda entry: entry[0])
    values = [{"worklogId": int(w.id), "updatedTime": at, "properties": []} for at, w, _ in worklogs[start:end]]
    return _changed(call, since, until, values)


async def deleted_worklogs(call: Call) -> Any:
    """GET worklog/deleted: ids of worklogs deleted after ``since``, as ``updated_worklogs``."""
    until = millis(call.site.clock.now() - _HIDDEN)
    since = integer(call.request, "since", 0)
    gone = sorted((millis(at), int(number)) for number, at in call.site.company.deleted_worklogs)
    values = [{"worklogId": number, "updatedTime": at, "properties": []} for at, number in gone if since < at <= until]
    return _changed(call, since, until, values)


def _changed(call: Call, since: int, until: int, values: list[Json]) -> Json:
    """A page of changes: whole instants only, as ``nextPage`` goes on after the last one's."""
    page, last_page = values[:MAX_CHANGED], len(values) <= MAX_CHANGED
    if not last_page:
        last = page[-1]["updatedTime"]
        page += [value for value in values[MAX_CHANGED:] if value["updatedTime"] == last]
        last_page = len(page) == len(values)
    answer: Json = {
        "values": page,
        "since": since,
        "until": page[-1]["updatedTime"] if page else until,
        "self": str(call.request.url.include_query_params(since=since)),
        "lastPage": last_page,
    }
    if not last_page:
        answer["nextPage"] = str(call.request.url.include_query_params(since=answer["until"]))
    return answer


async def listed_worklogs(call: Call) -> Any:
    """POST worklog/list: worklogs by id; unknown ones are passed over."""
    ids = (await call.body()).get("ids") or []
    if not isinstance(ids, list) or not ids or len(ids) > MAX_LISTED:
        raise JiraError(400, f"Between 1 and {MAX_LISTED} worklog IDs must be given.")
    found = [call.site.worklog_of[str(number)] for number in ids if str(number) in call.site.worklog_of]
    return [call.renderer.worklog(issue, worklog) for worklog, issue in found]


async def remote_links(call: Call) -> Any:
    """GET issue/{issueIdOrKey}/remotelink: a bare list."""
    issue = call.site.issue(call.path("ref"))
    return [_remote_link(call, issue.id, link) for link in issue.remote_links]


def _remote_link(call: Call, issue_id: str, link: RemoteLink) -> Json:
    shown: Json = {
        "id": link.id,
        "self": f"{call.renderer.entities.api}/issue/{issue_id}/remotelink/{link.id}",
        "application": {},
        "object": {"url": link.url, "title": link.title, "icon": {}, "status": {"icon": {}}},
    }
    if link.relationship is not None:
        shown["relationship"] = link.relationship
    return shown


ENDPOINTS = (
    Endpoint("GET", "/rest/api/{version}/issue/{ref}/worklog", issue_worklogs),
    Endpoint("GET", "/rest/api/{version}/worklog/updated", updated_worklogs),
    Endpoint("GET", "/rest/api/{version}/worklog/deleted", deleted_worklogs),
    Endpoint("POST", "/rest/api/{version}/worklog/list", listed_worklogs),
    Endpoint("GET", "/rest/api/{version}/issue/{ref}/remotelink", remote_links),
)
