"""Which repositories a tracker's credentials can see, over REST: the one listing that says so in one place."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from itpm_pipeline.config import GithubTracker, ProjectFilter
from itpm_pipeline.errors import ProtocolError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.sources.github.mapping.project import skip_reason
from itpm_pipeline.sources.github.session import GithubSession


def listings(tracker: GithubTracker) -> list[str]:
    """REST paths that together list the repositories."""
    if tracker.organizations:
        return [f"/orgs/{organization}/repos" for organization in tracker.organizations]
    return ["/user/repos" if tracker.token is not None else "/installation/repositories"]


def discover(tracker: GithubTracker, session: GithubSession, traffic: Traffic) -> list[ProjectRef]:
    """Repositories that the configuration includes, ordered by key; each once."""
    found: dict[str, ProjectRef] = {}
    for path in listings(tracker):
        for repository in _repositories(session, path, traffic):
            key = str(repository["full_name"])
            if is_included(key, tracker.repositories):
                reference = _reference(tracker.name, repository)
                found[reference.native_id] = reference
    return sorted(found.values(), key=lambda reference: reference.key)


def is_included(key: str, chosen: ProjectFilter) -> bool:
    """Whether patterns include a repository; a pattern with a slash is held against owner/name, others against name.

    GitHub's names ignore case, so the patterns do.
    """
    full, name = key.casefold(), key.casefold().rpartition("/")[2]

    def matches(pattern: str) -> bool:
        pattern = pattern.casefold()
        return fnmatchcase(full if "/" in pattern else name, pattern)

    return any(map(matches, chosen.include)) and not any(map(matches, chosen.exclude))


def _repositories(session: GithubSession, path: str, traffic: Traffic) -> Iterator[dict[str, Any]]:
    doing = f"listing repositories ({path})"
    url: str | None = path
    parameters: dict[str, Any] | None = {"per_page": 100}
    seen: set[str] = set()
    while url is not None:
        if url in seen:
            raise ProtocolError(f"{doing}: GitHub links to the page {url} twice; going on would never end")
        seen.add(url)
        answer = session.rest(doing, url, parameters, traffic)
        value = answer.value.get("repositories") if isinstance(answer.value, dict) else answer.value
        if not isinstance(value, list):
            raise ProtocolError(f"{doing}: a list of repositories was expected, {type(value).__name__} came")
        yield from value
        # The address of the next page carries its own parameters.
        url, parameters = answer.next_url, None


def _reference(tracker: str, repository: dict[str, Any]) -> ProjectRef:
    return ProjectRef(
        tracker=tracker,
        key=str(repository["full_name"]),
        native_id=str(repository["node_id"]),
        name=str(repository["name"]),
        is_archived=bool(repository.get("archived")),
        skip_reason=skip_reason(is_disabled=repository.get("disabled"), has_issues=repository.get("has_issues")),
    )
