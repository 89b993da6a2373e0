"""Reads what belongs to an issue and does not come whole with it: work logs, links to other sites."""

from collections.abc import Iterable, Mapping
from typing import Any

from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.jira.paging import entries_of, offset_pages
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import WORKLOG_PAGE

REMOTE_LINK_FIELD = "remoteissuelink"
"""Changelog items of this name (case aside) tell that an issue has, or had, links to other sites."""


def issue_worklogs(session: JiraSession, issue: Mapping[str, Any], traffic: Traffic) -> dict[str, Any] | None:
    """All work log entries of an issue; None where time tracking is off or hidden.

    A search embeds the first 20: only where there are more, they are asked for.
    """
    embedded = issue["fields"].get("worklog")
    if not isinstance(embedded, dict):
        return None
    doing = f"reading the work log of issue {issue['id']}"
    entries = entries_of(embedded, "worklogs", doing)
    total = embedded.get("total", len(entries))
    if total > len(entries):
        path = session.platform(f"issue/{issue['id']}/worklog", traffic)

        def fetch(start: int) -> Any:
            return session.get(doing, path, traffic, {"startAt": start, "maxResults": WORKLOG_PAGE})

        try:
            entries = [entry for page in offset_pages(fetch, "worklogs", doing=doing) for entry in page]
        except RefusedError as error:
            # Deleted or hidden since the search: the next reading, or the census, will tell.
            if error.status not in (403, 404):
                raise
            return None
        total = max(total, len(entries))
    return {"issueId": str(issue["id"]), "worklogs": entries, "total": total}


def has_remote_links(histories: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a history mentions links to other sites."""
    return any(
        str(item.get("field")).lower() == REMOTE_LINK_FIELD for entry in histories for item in entry.get("items") or ()
    )


def issue_remote_links(session: JiraSession, issue_id: str, traffic: Traffic) -> dict[str, Any] | None:
    """Links of an issue to other sites; None if the issue vanished or links are switched off (403)."""
    doing = f"reading the remote links of issue {issue_id}"
    try:
        links = session.get(doing, session.platform(f"issue/{issue_id}/remotelink", traffic), traffic)
    except RefusedError as error:
        if error.status not in (403, 404):
            raise
        return None
    if not isinstance(links, list):
        raise ProtocolError(f"{doing}: the answer is no list")
    return {"issueId": issue_id, "remoteLinks": links}
