"""Searches issues: the query, and the two search endpoints."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.json_text import Told
from itpm_pipeline.sources.jira import answers
from itpm_pipeline.sources.jira.paging import drifting_pages, token_pages
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import LOOK_BACK

ID_PAGE = 5000
"""Issues in one page of a Cloud search that asks for nothing but ids."""


def project_jql(project_key: str, since: datetime | None = None) -> str:
    """Query for the issues of a project, those changed since ``since`` less the look-back if given.

    The instant is in epoch milliseconds: Jira reads a date as text in the time zone of the account that asks.
    All issues are ordered by what never changes, changed ones by their change: one that changes while we read moves
    to the end and is read again.
    """
    quoted = '"' + project_key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if since is None:
        return f"project = {quoted} ORDER BY created ASC, key ASC"
    milliseconds = int((since.astimezone(UTC) - LOOK_BACK).timestamp() * 1000)
    return f"project = {quoted} AND updated >= {milliseconds} ORDER BY updated ASC, key ASC"


def search_pages(
    session: JiraSession, jql: str, fields: Sequence[str], traffic: Traffic, *, doing: str, with_history: bool = False
) -> Iterator[list[Told]]:
    """Pages of issues as the tracker sends them.

    Args:
        session: Where to.
        jql: Bounded query with an order.
        fields: Native ids of fields; nothing else comes (Cloud's default is the id alone).
        traffic: Counts are added to it.
        doing: Clause for messages.
        with_history: Ask for each issue's changelog as well (Data Center sends it whole, Cloud in part).
    """
    if session.server(traffic).is_cloud:
        size = ID_PAGE if list(fields) == ["id"] else min(session.tracker.page_size, 100)
        body: dict[str, Any] = {"jql": jql, "maxResults": size, "fields": list(fields)}

        def by_token(token: str | None) -> Any:
            place = {"nextPageToken": token} if token else {}
            return session.post(doing, "api/3/search/jql", traffic, body | place, decode=answers.issues)

        yield from token_pages(by_token, "issues", doing=doing)
        return
    size = 1000 if list(fields) == ["id"] else session.tracker.page_size
    expand = {"expand": ["changelog"]} if with_history else {}

    def by_offset(start: int) -> Any:
        body = {"jql": jql, "startAt": start, "maxResults": size, "fields": list(fields), **expand}
        return session.post(doing, "api/2/search", traffic, body, decode=answers.issues)

    yield from drifting_pages(by_offset, "issues", doing=doing, step_back=size)
