"""Who is there, and what became of those that are not: nodes by id, transferred issues by their old address."""

from collections.abc import Collection, Iterator, Mapping

from itpm_pipeline.canonical.vocabulary import AbsenceReason
from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Whereabouts
from itpm_pipeline.sources.github import queries
from itpm_pipeline.sources.github.pages import PageSize, walk
from itpm_pipeline.sources.github.session import GithubSession

NODES_AT_ONCE = 100
"""Ids in one query: GitHub's maximum."""

REFUSALS = {404: AbsenceReason.PERMISSION_LOST, 410: AbsenceReason.DELETED, 451: AbsenceReason.PERMISSION_LOST}
"""Status of the REST API for an issue to what it means: 410 for one deleted in a repository we may read, 404 for one
that went where we may not look."""


def issue_ids(session: GithubSession, project: ProjectRef, traffic: Traffic) -> Iterator[str]:
    """Node ids of all issues of a repository that we may see. RefusedError: the repository cannot be read."""
    owner, _, name = project.key.partition("/")
    for page in walk(session, f"counting the issues of {project.key}", queries.issue_ids_query(),
                     {"owner": owner, "name": name}, ("repository", "issues"), size=PageSize(NODES_AT_ONCE),
                     traffic=traffic):  # fmt: skip
        yield from (str(node["id"]) for node in page.nodes)


def find_issues(
    session: GithubSession, project: ProjectRef, missing: Mapping[str, str], traffic: Traffic
) -> list[Whereabouts]:
    """What became of issues (node id → ``owner/name#7``) that a repository lists no more.

    A transferred issue has another id where it is now. GraphQL knows nothing of the old one; REST redirects from its
    old address to the new issue.
    """
    there = _repositories_of(session, missing, traffic, f"looking for issues that vanished from {project.key}")
    found = [Whereabouts(native_id, project=repository) for native_id, repository in there.items()]
    for native_id, key in missing.items():
        if native_id not in there:
            found.append(_at_old_address(session, project, native_id, key, traffic))
    return found


def existing(session: GithubSession, native_ids: Collection[str], traffic: Traffic) -> set[str]:
    """Which nodes of any kind are there and visible."""
    found: set[str] = set()
    wanted = list(native_ids)
    for start in range(0, len(wanted), NODES_AT_ONCE):
        part = {"ids": wanted[start : start + NODES_AT_ONCE]}
        answer = session.graphql("looking for what vanished", queries.nodes_query(), part, traffic)
        found |= {str(node["id"]) for node in answer.data.get("nodes") or () if node}
    return found


def _repositories_of(
    session: GithubSession, native_ids: Collection[str], traffic: Traffic, doing: str
) -> dict[str, str]:
    """Issue to the repository it is in, of those that are there."""
    found: dict[str, str] = {}
    wanted = list(native_ids)
    for start in range(0, len(wanted), NODES_AT_ONCE):
        part = {"ids": wanted[start : start + NODES_AT_ONCE]}
        answer = session.graphql(doing, queries.issue_repositories_query(), part, traffic)
        nodes = [node for node in answer.data.get("nodes") or () if node and node.get("repository")]
        found |= {str(node["id"]): str(node["repository"]["id"]) for node in nodes}
    # GitHub answers an id of its old format with the node, which has another id: ours are of the new one.
    return {native_id: found[native_id] for native_id in wanted if native_id in found}


def _at_old_address(
    session: GithubSession, project: ProjectRef, native_id: str, key: str, traffic: Traffic
) -> Whereabouts:
    # By the key it has now, not the one we knew it by: the repository may have been renamed since.
    number = key.rpartition("#")[2]
    try:
        answer = session.rest(
            f"looking for {project.key}#{number}", f"/repos/{project.key}/issues/{number}", None, traffic
        )
    except RefusedError as error:
        reason = REFUSALS.get(error.status)
        if reason is None:
            raise
        return Whereabouts(native_id, reason=reason)
    successor = str(answer.value.get("node_id")) if isinstance(answer.value, dict) else native_id
    if successor == native_id:
        return Whereabouts(native_id, project=project.native_id)
    return Whereabouts(native_id, reason=AbsenceReason.TRANSFERRED, successor=successor)
