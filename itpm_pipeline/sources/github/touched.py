"""Reads issues that changed without saying so.

What happens in a project (v2), and the end of a pull request that would close an issue, show in the issue, but its
``updatedAt`` stands still: no query for changed issues finds it. So the issues of changed project items and of changed
pull requests are read again by their ids; a reconcile, in addition, looks through the projects' events of all issues.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github import queries
from itpm_pipeline.sources.github.completion import Completion
from itpm_pipeline.sources.github.features import Features
from itpm_pipeline.sources.github.pages import PageSize, nodes_by_id, walk
from itpm_pipeline.sources.github.records import StreamReading, is_since
from itpm_pipeline.sources.github.session import GithubSession

ISSUES_AT_ONCE = 100
"""Issues in one query by id: as many as GitHub takes."""


def read_issues(
    session: GithubSession, features: Features, ids: Sequence[str], under_way: StreamReading, doing: str
) -> Iterator[RawRecord]:
    """Issues by node id, complete; those that are gone or hidden are passed over."""
    completion = Completion(session, features, "Issue", doing, under_way.traffic)
    for start in range(0, len(ids), ISSUES_AT_ONCE):
        part = ids[start : start + ISSUES_AT_ONCE]
        found = nodes_by_id(session, doing, queries.issues_by_id_query(features), part, under_way.traffic)
        yield from under_way.records(completion.add(node for node in found if node.get("id")))
    yield from under_way.records(completion.finish())


def issues_with_project_events(
    session: GithubSession,
    features: Features,
    address: Mapping[str, str],
    since: datetime,
    under_way: StreamReading,
    doing: str,
) -> Iterator[str]:
    """Node ids of the issues of a repository to which something happened in a project since ``since``."""
    query = queries.project_events_query(features)
    if query is None:
        return
    for page in walk(session, doing, query, address, ("repository", "issues"), size=PageSize(100),
                     traffic=under_way.traffic):  # fmt: skip
        for node in page.nodes:
            events = [event for event in (node.get("timelineItems") or {}).get("nodes") or () if event]
            if any(event.get("createdAt") and is_since(event, since, "createdAt") for event in events):
                yield str(node["id"])
