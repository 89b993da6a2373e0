"""Reads complete change histories: in bulk on Cloud, with the issue or page by page on Data Center."""

from collections.abc import Mapping, Sequence
from typing import Any

from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.jira import answers
from itpm_pipeline.sources.jira.paging import entries_of, offset_pages, token_pages
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import CHANGELOG_PAGE, CHANGELOG_PAGE_PER_ISSUE

MOST_REFUSALS = 50
"""Refusals while looking for an issue that vanished; more mean that something else is wrong."""
MOST_DOUBTS = 3
"""Issues of one bulk answer that are asked for again by themselves: where many are doubtful, all are."""

History = tuple[list[dict[str, Any]], int]
"""Entries, and how many the server says there are."""


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
        place = {"nextPageToken": token} if token else {}
        return session.post(doing, "api/3/changelog/bulkfetch", traffic, body | place, decode=answers.bulk_histories)

    # One issue's entries may be spread over several pages.
    found: dict[str, list[dict[str, Any]]] = {issue: [] for issue in issue_ids}
    for page in token_pages(fetch, "issueChangeLogs", doing=doing):
        for entry in page:
            issue = str(entry.get("issueId"))
            if issue not in found:
                raise ProtocolError(f"{doing}: the answer holds issue {issue}, which was not asked for")
            found[issue] += entries_of(entry, "changeHistories", doing)
    return found


def checked_histories(
    session: JiraSession,
    issues: Sequence[Mapping[str, Any]],
    bulk: Mapping[str, Sequence[Mapping[str, Any]]],
    traffic: Traffic,
) -> dict[str, History | None]:
    """Histories of issues that cannot have got where they are by what came in bulk; None: the issue vanished.

    A bulk answer has no counts, and passes over what it does not find without a word. So the first few doubtful issues
    of an answer are asked for by themselves, which tells a count.
    """
    doubtful = [str(issue["id"]) for issue in issues if _is_doubtful(issue, bulk.get(str(issue["id"])))]
    return {issue_id: issue_history(session, issue_id, None, traffic) for issue_id in doubtful[:MOST_DOUBTS]}


def _is_doubtful(issue: Mapping[str, Any], histories: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether a history lacks the change that brought an issue where it is: its last status, or its resolution."""
    if histories is None:
        return False
    fields = issue.get("fields") or {}
    if not histories:
        return bool(fields.get("resolutiondate")) and fields["resolutiondate"] != fields.get("created")
    status = (fields.get("status") or {}).get("id")
    moves = [(entry.get("created"), item.get("to")) for entry in histories for item in entry.get("items") or ()
             if item.get("field") == "status"]  # fmt: skip
    if not (status and moves):
        return False
    latest = max((at for at, _ in moves), key=str)
    return str(status) not in {str(to) for at, to in moves if at == latest}


def issue_history(
    session: JiraSession, issue_id: str, embedded: Mapping[str, Any] | None, traffic: Traffic
) -> History | None:
    """History of one issue, and how many entries the server says there are; None: the issue vanished.

    ``embedded`` is the ``changelog`` that came with the issue: it is taken when it is whole. Otherwise it is read in
    pages, where the server has that resource (Data Center may not); where it has not, what comes with the issue is all
    there is, and the count tells.
    """
    entries, total = _embedded(embedded)
    if embedded is not None and len(entries) >= total:
        return entries, total
    doing = f"reading the history of issue {issue_id}"

    path = session.platform(f"issue/{issue_id}", traffic)
    reported = total

    def fetch(start: int) -> Any:
        nonlocal reported
        params = {"startAt": start, "maxResults": CHANGELOG_PAGE_PER_ISSUE}
        page = session.get(doing, f"{path}/changelog", traffic, params, decode=answers.history)
        reported = max(reported, _whole(page.get("total")))
        return page

    try:
        paged = [entry for page in offset_pages(fetch, "values", doing=doing) for entry in page]
    except RefusedError as error:
        if error.status not in (404, 405):
            raise
        return (entries, total) if embedded is not None else _with_issue(session, path, doing, traffic)
    return paged, max(reported, len(paged))


def _with_issue(session: JiraSession, path: str, doing: str, traffic: Traffic) -> History | None:
    try:
        issue = session.get(doing, path, traffic, {"expand": "changelog", "fields": "id"}, decode=answers.issue)
    except RefusedError as error:
        if error.status not in (403, 404):
            raise
        return None
    return _embedded(issue.get("changelog"))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _embedded(changelog: Mapping[str, Any] | None) -> History:
    if changelog is None:
        return [], 0
    entries = entries_of(changelog, "histories", "reading a history that came with its issue")
    total = changelog.get("total")
    return entries, total if isinstance(total, int) else len(entries)
