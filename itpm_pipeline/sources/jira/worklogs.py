"""Reads the work logs of issues, which do not come whole with them."""

from collections.abc import Mapping
from typing import Any

from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.jira.paging import entries_of, offset_pages
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import WORKLOG_PAGE


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
