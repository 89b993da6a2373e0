"""Reads one project: its releases, issues, and what belongs to the issues."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract.json_text import Told
from itpm_pipeline.extract.read_ahead import read_ahead
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.answers import without_histories
from itpm_pipeline.sources.jira.census import fetch_issues
from itpm_pipeline.sources.jira.changelogs import bulk_histories, checked_histories, issue_history
from itpm_pipeline.sources.jira.emission import Emission
from itpm_pipeline.sources.jira.issues import project_jql, search_pages
from itpm_pipeline.sources.jira.paging import entries_of
from itpm_pipeline.sources.jira.remote_links import RemoteLinks
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import CHANGELOG_ISSUES, FETCHED_AT_ONCE
from itpm_pipeline.sources.jira.worklogs import issue_worklogs

_HIDDEN_PROJECT = re.compile(r"does not exist for the field 'project'", re.IGNORECASE)
"""Jira's words when a query names a project that we may not browse."""

Chunk = list[Told]


def read_project(
    session: JiraSession,
    key: str,
    fields: Sequence[str],
    since: datetime | None,
    emission: Emission,
    links: RemoteLinks,
    *,
    reconcile: bool = False,
) -> Iterator[RawRecord]:
    """Records of one project, of issues changed since ``since`` if given. A hidden project becomes skipped outcomes.

    ``reconcile``: read as well what may have changed without telling, which is ``links`` that were edited.
    """
    try:
        yield from _versions(session, key, emission)
        yield from _issues(session, key, fields, since, emission, links)
        if reconcile:
            yield from links.of_the_others()
    except _HiddenError as error:
        emission.skip(f"not readable: {error}")


def read_named(
    session: JiraSession, key: str, native_ids: Sequence[str], fields: Sequence[str], emission: Emission
) -> Iterator[RawRecord]:
    """Records of single issues by id; those that vanished are left out."""
    traffic = emission.traffic("issues")
    is_cloud = session.server(traffic).is_cloud
    links = RemoteLinks(session, emission)
    for start in range(0, len(native_ids), FETCHED_AT_ONCE):
        part = native_ids[start : start + FETCHED_AT_ONCE]
        issues = fetch_issues(
            session, part, fields, traffic, doing=f"reading issues of {key} again", with_history=not is_cloud
        )
        yield from _complete(session, issues, emission, links, is_cloud=is_cloud)


class _HiddenError(Exception):
    """The project is not there for us: deleted, renamed, or no permission to browse it."""


def _versions(session: JiraSession, key: str, emission: Emission) -> Iterator[RawRecord]:
    traffic, doing = emission.traffic("versions"), f"reading the releases of {key}"
    try:
        answer = session.get(doing, session.platform(f"project/{key}/versions", traffic), traffic)
    except RefusedError as error:
        if error.status != 404:
            raise
        raise _HiddenError(error) from error
    for version in entries_of({"values": answer}, "values", doing):
        yield emission.record("versions", version["id"], version)


def _visible(pages: Iterator[Chunk]) -> Iterator[Chunk]:
    try:
        yield from pages
    except RefusedError as error:
        if error.status == 400 and _HIDDEN_PROJECT.search(str(error)):
            raise _HiddenError(error) from error
        raise


def _issues(
    session: JiraSession,
    key: str,
    fields: Sequence[str],
    since: datetime | None,
    emission: Emission,
    links: RemoteLinks,
) -> Iterator[RawRecord]:
    is_cloud = session.server(emission.traffic("issues")).is_cloud
    pages = search_pages(
        session, project_jql(key, since), fields, emission.traffic("issues"),
        doing=f"reading the issues of {key}", with_history=not is_cloud,
    )  # fmt: skip

    def complete(chunk: Chunk) -> list[RawRecord]:
        return list(_complete(session, chunk, emission, links, is_cloud=is_cloud))

    # While one chunk's histories are read, the search for the next goes on.
    for records in read_ahead(complete, _chunks(_visible(pages), CHANGELOG_ISSUES if is_cloud else 1), workers=3):
        yield from records


def _chunks(pages: Iterator[Chunk], size: int) -> Iterator[Chunk]:
    """Whole pages joined until they hold ``size`` issues or nearly so; never more than ``size``."""
    chunk: Chunk = []
    for page in pages:
        if len(chunk) + len(page) > size and chunk:
            yield chunk
            chunk = []
        chunk = chunk + page
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _complete(
    session: JiraSession, chunk: Chunk, emission: Emission, links: RemoteLinks, *, is_cloud: bool
) -> Iterator[RawRecord]:
    """Records of some issues and of everything that belongs to them."""
    traffic = emission.traffic("changelogs")
    bulk = bulk_histories(session, [str(issue["id"]) for issue in chunk], traffic) if is_cloud else {}
    checked = checked_histories(session, chunk, bulk, traffic)
    for issue in chunk:
        number = str(issue["id"])
        if number in checked or not is_cloud:
            history = checked[number] if is_cloud else issue_history(session, number, issue.get("changelog"), traffic)
            histories, envelope = (history[0], {"total": history[1]}) if history else (None, {})
        else:
            histories, envelope = bulk.get(number), {}
        # A history is landed once, as a changelog.
        yield emission.record("issues", number, without_histories(issue) if issue.get("changelog") else issue)
        if histories is None:
            continue
        yield emission.record("changelogs", number, {"issueId": number, "changeHistories": histories, **envelope})
        worklogs = issue_worklogs(session, issue, emission.traffic("worklogs"))
        if worklogs is not None:
            yield emission.record("worklogs", number, worklogs)
        yield from links.of_issue(number, histories)
