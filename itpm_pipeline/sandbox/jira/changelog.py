"""Histories: of one issue by page, of many issues at once.

Their list has three names (``histories`` embedded in an issue, ``values`` here, ``changeHistories`` in bulk), and two
orders (embedded newest first, else oldest first).

In bulk, ``created`` is a number. The specification's schema says ``date-time`` string, its example shows seconds since
the epoch; clients in the field (jirametrics, mcp-atlassian) had to learn to read milliseconds, so these are what the
site sends. ``bulk_dates="text"`` follows the schema instead; a client should read both.
"""

from typing import Any, Literal

from itpm_pipeline.sandbox.company.model import HistoryEntry, JiraIssue
from itpm_pipeline.sandbox.jira.answers import JiraError, page_bean
from itpm_pipeline.sandbox.jira.entities import Json
from itpm_pipeline.sandbox.jira.find import offset_of, sealed_offset
from itpm_pipeline.sandbox.jira.routing import Call, Endpoint

BulkDates = Literal["epoch", "text"]

MAX_PAGE = 100
MAX_BULK_ISSUES = 1000
MAX_BULK_FIELDS = 10
DEFAULT_BULK_PAGE = 1000
MAX_BULK_PAGE = 10_000


async def issue_changelog(call: Call) -> Any:
    """GET issue/{issueIdOrKey}/changelog: oldest first, at most 100 a page."""
    issue = call.site.issue(call.path("ref"))
    page = page_bean(call.request, call.renderer.histories(issue), default=MAX_PAGE, cap=MAX_PAGE)
    page["values"] = [call.renderer.history(entry) for entry in page["values"]]
    return page


class BulkChangelog:
    """POST changelog/bulkfetch: at most 1,000 issues and 10 fields; pages count histories, not issues.

    Sorted by date, then issue id, so an issue's histories may be scattered over pages and show up under several
    entries. Issues that cannot be seen, or have no history to show, are passed over without a word.
    """

    def __init__(self, dates: BulkDates) -> None:
        self._epoch = dates == "epoch"

    async def __call__(self, call: Call) -> Any:
        """Answer the request."""
        body = await call.body()
        refs, field_ids = body.get("issueIdsOrKeys") or [], body.get("fieldIds") or []
        size = DEFAULT_BULK_PAGE if body.get("maxResults") is None else body["maxResults"]
        _check(refs, field_ids, size)
        wanted = frozenset(field_ids)
        entries = _in_order(call, refs, wanted)
        about = (",".join(map(str, refs)), ",".join(sorted(wanted)))
        token = body.get("nextPageToken")
        start = offset_of(token, *about) if token else 0
        page = entries[start : start + size]
        answer: Json = {"issueChangeLogs": self._grouped(call, page, wanted)}
        if start + len(page) < len(entries):
            answer["nextPageToken"] = sealed_offset(start + len(page), *about)
        return answer

    def _grouped(self, call: Call, page: list[tuple[JiraIssue, HistoryEntry]], wanted: frozenset[str]) -> list[Json]:
        by_issue: dict[str, list[Json]] = {}
        for issue, entry in page:
            history = call.renderer.history(entry, epoch=self._epoch)
            if wanted:
                history["items"] = [item for item in history["items"] if item.get("fieldId") in wanted]
            by_issue.setdefault(issue.id, []).append(history)
        return [{"issueId": issue_id, "changeHistories": histories} for issue_id, histories in by_issue.items()]


def _check(refs: Any, field_ids: Any, size: Any) -> None:
    if not isinstance(refs, list) or not refs:
        raise JiraError(400, "issueIdsOrKeys must contain at least one issue ID or key.")
    if len(refs) > MAX_BULK_ISSUES:
        raise JiraError(400, f"issueIdsOrKeys must not contain more than {MAX_BULK_ISSUES} issue IDs or keys.")
    if not isinstance(field_ids, list) or len(field_ids) > MAX_BULK_FIELDS:
        raise JiraError(400, f"fieldIds must not contain more than {MAX_BULK_FIELDS} field IDs.")
    if not isinstance(size, int) or not 1 <= size <= MAX_BULK_PAGE:
        raise JiraError(400, f"maxResults must be between 1 and {MAX_BULK_PAGE}.")


def _in_order(call: Call, refs: list[Any], wanted: frozenset[str]) -> list[tuple[JiraIssue, HistoryEntry]]:
    issues = {issue.id: issue for ref in refs if (issue := call.site.find_issue(str(ref))) is not None}
    entries = [
        (issue, entry)
        for issue in issues.values()
        for entry in issue.history
        if not wanted or any(item.field_id in wanted for item in entry.items)
    ]
    entries.sort(key=lambda pair: (pair[1].at, int(pair[0].id), int(pair[1].id)))
    return entries


def endpoints(bulk_dates: BulkDates) -> tuple[Endpoint, ...]:
    """The endpoints of this module."""
    return (
        Endpoint("GET", "/rest/api/{version}/issue/{ref}/changelog", issue_changelog),
        Endpoint("POST", "/rest/api/{version}/changelog/bulkfetch", BulkChangelog(bulk_dates)),
    )
