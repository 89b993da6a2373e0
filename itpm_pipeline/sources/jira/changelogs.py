"""Reads complete change histories: in bulk on Cloud, with the issue or page by page on Data Center."""

from collections.abc import Mapping, Sequence
from typing import Any

from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.jira.paging import entries_of, offset_pages, token_pages
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import CHANGELOG_PAGE, CHANGELOG_PAGE_PER_ISSUE

MOST_REFUSALS = 50
"""Refusals while looking for an issue that vanished; more mean that something else is wrong."""


def bulk_histories(session: JiraSession, issue_ids: Sequence[str], traffic: Traffic) -> dict[str, list[dict[str, Any]]]:
    """History entries of up to 1,000 issues on Cloud, by issue id; an issue without changes has an empty list.

    An issue that was deleted or hidden since the search makes Jira refuse the whole request: it is looked for by
    halving the list, and is not in the result.
    """
    refusals = 0
    found: dict[str, list[dict[str, Any]]] = {}
    pending = [list(issue_ids)] if issue_ids else []
    while pending:
        part = pending.pop()
        try:
            found |= _one_bulk(session, part, traffic)
        except RefusedError as error:
            refusals += 1
            if error.status not in (400, 404) or refusals > MOST_REFUSALS:
                raise
            if len(part) > 1:
                pending += [part[len(part) // 2 :], part[: len(part) // 2]]
            elif len(issue_ids) == 1:
                raise
    return found


def _one_bulk(session: JiraSession, issue_ids: list[str], traffic: Traffic) -> dict[str, list[dict[str, Any]]]:
    doing = f"reading the histories of {len(issue_ids)} issues"
    body = {"issueIdsOrKeys": issue_ids, "maxResults": CHANGELOG_PAGE}

    def fetch(token: str | None) -> Any:
        return session.post(
            doing, "api/3/changelog/bulkfetch", traffic, body | ({"nextPageToken": token} if token else {})
        )

    # One issue's entries may be spread over several pages.
    found: dict[str, list[dict[str, Any]]] = {issue: [] for issue in issue_ids}
    for page in token_pages(fetch, "issueChangeLogs", doing=doing):
        for entry in page:
            issue = str(entry.get("issueId"))
            if issue not in found:
                raise ProtocolError(f"{doing}: the answer holds issue {issue}, which was not asked for")
            found[issue] += entries_of(entry, "changeHistories", doing)
    return found


def issue_history(
    session: JiraSession, issue_id: str, embedded: Mapping[str, Any] | None, traffic: Traffic
) -> tuple[list[dict[str, Any]], int]:
    """History of one issue on Data Center, and how many entries the server says there are.

    ``embedded`` is the ``changelog`` that came with the issue: it is taken when it is whole. Otherwise it is read in
    pages, where the server has that resource; where it has not, what is there is all there is, and the count tells.
    """
    entries, total = _embedded(embedded)
    if embedded is not None and len(entries) >= total:
        return entries, total
    doing = f"reading the history of issue {issue_id}"

    def fetch(start: int) -> Any:
        params = {"startAt": start, "maxResults": CHANGELOG_PAGE_PER_ISSUE}
        return session.get(doing, f"api/2/issue/{issue_id}/changelog", traffic, params)

    try:
        paged = [entry for page in offset_pages(fetch, "values", doing=doing) for entry in page]
    except RefusedError as error:
        if error.status not in (404, 405):
            raise
        if embedded is None:
            issue = session.get(doing, f"api/2/issue/{issue_id}", traffic, {"expand": "changelog", "fields": "id"})
            return _embedded(issue.get("changelog"))
        return entries, total
    return paged, max(total, len(paged))


def _embedded(changelog: Mapping[str, Any] | None) -> tuple[list[dict[str, Any]], int]:
    if changelog is None:
        return [], 0
    entries = entries_of(changelog, "histories", "reading a history that came with its issue")
    total = changelog.get("total")
    return entries, total if isinstance(total, int) else len(entries)
