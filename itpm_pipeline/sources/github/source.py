"""The GitHub source: repositories with issues, pull requests and deliveries, and projects (v2) of their owners."""

import threading
from collections.abc import Iterable, Iterator, Sequence

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.config import GithubTracker
from itpm_pipeline.errors import ItpmError
from itpm_pipeline.extract.client import Client, Traffic
from itpm_pipeline.extract.records import ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor, MappingContext, Probe, Read, Stream
from itpm_pipeline.sources.github import mapping, queries
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.discovery import discover
from itpm_pipeline.sources.github.features import FEATURE_QUERY, Features
from itpm_pipeline.sources.github.pages import PageSize, walk
from itpm_pipeline.sources.github.repository import RepositoryReading
from itpm_pipeline.sources.github.session import GithubSession
from itpm_pipeline.sources.github.site import SiteReading

STREAMS = (
    Stream("organizations", "site", "Organisations (or users) that own the repositories"),
    Stream("issue_types", "site", "Issue types of the organisations"),
    Stream("projects_v2", "site", "Projects (v2) with their fields, options and iterations", is_reference=True),
    Stream("project_items", "site", "Items of projects (v2) with the values of their fields"),
    Stream("repository", "project", "The repository itself"),
    Stream("milestones", "project", "Milestones"),
    Stream("issues", "project", "Issues with timeline, dependencies and sub-issues, each connection complete"),
    Stream("pull_requests", "project", "Pull requests with the issues they close and their reviews"),
    Stream("releases", "project", "Releases"),
    Stream("deployments", "project", "Deployments with their statuses"),
)

WANTED_SCOPES = {"repo": "private repositories", "read:org": "organisations", "read:project": "projects (v2)"}
_IMPLIED_BY = {"read:org": {"admin:org", "write:org"}, "read:project": {"project"}}


class GithubSource:
    """One GitHub (github.com or an Enterprise Server) as configured; safe to use from several threads."""

    kind = "github"
    streams: Sequence[Stream] = STREAMS

    def __init__(self, tracker: GithubTracker, client: Client | None = None) -> None:
        self.tracker = tracker.name
        self._settings = tracker
        self._session = GithubSession(tracker, client)
        self._lock = threading.Lock()
        self._features: Features | None = None
        self._owners: list[str] | None = None

    def probe(self) -> Probe:
        """Who are we there, what can we see."""
        traffic = Traffic()
        answer = self._session.graphql("asking who we are", queries.VIEWER_QUERY, {}, traffic)
        findings = [*self._scope_findings(answer.headers.get("x-oauth-scopes"))]
        # Enterprise Servers with limits switched off tell none, or a limit of 0.
        limits = answer.data.get("limits") or {}
        left = f"{limits['remaining']} of {limits['limit']} points left" if limits.get("limit") else "none"
        findings.append(("rate limit", left))
        projects = self.discover()
        findings.append(("repositories", f"{len(projects)} visible and included"))
        findings += [(project.partition, project.skip_reason) for project in projects if project.skip_reason]
        findings += self._project_findings()
        version = answer.headers.get("x-github-enterprise-version", "")
        return Probe(
            deployment="GitHub Enterprise Server" if version else "github.com",
            version=version or answer.headers.get("x-github-api-version-selected", "current"),
            account=str((answer.data.get("viewer") or {}).get("login") or "unknown"),
            server_time=answer.server_time,
            findings=tuple(findings),
        )

    def discover(self) -> list[ProjectRef]:
        """All visible repositories that the configuration includes, ordered by key."""
        projects = discover(self._settings, self._session, Traffic())
        with self._lock:
            self._owners = sorted({project.key.partition("/")[0] for project in projects})
        return projects

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        """Owners, issue types, projects (v2), their items."""
        read = Read(iter(()))

        def records() -> Iterator[RawRecord]:
            reading = SiteReading(
                self._session, self.features(), self.owners(), cursor, self._settings.page_size, read.outcomes,
                reconcile=reconcile,
            )
            yield from reading.records()
            read.cursor = reading.cursor

        read.records = records()
        return read

    def read_project(self, project: ProjectRef, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        """One repository; of one with ``skip_reason`` everything but its issues."""
        read = Read(iter(()))

        def records() -> Iterator[RawRecord]:
            reading = RepositoryReading(
                self._session, self.features(), project, cursor, self._settings.page_size, read.outcomes,
                reconcile=reconcile,
            )
            yield from reading.records()
            read.cursor = reading.cursor

        read.records = records()
        return read

    def issue_ids(self, project: ProjectRef) -> Iterator[str]:
        """Node ids of all issues we may see in a repository now, for the census of vanished ones.

        Raises RefusedError where the repository cannot be read: an unreadable one is not an empty one.
        """
        doing = f"counting the issues of {project.key}"
        owner, _, name = project.key.partition("/")
        for page in walk(self._session, doing, queries.issue_ids_query(), {"owner": owner, "name": name},
                         ("repository", "issues"), size=PageSize(100), traffic=Traffic()):  # fmt: skip
            yield from (str(node["id"]) for node in page.nodes)

    def mapping_context(self, reference: Iterable[RawRecord]) -> MappingContext:
        """What the projects' fields mean."""
        return GithubContext.build(self._settings, reference)

    def map_record(self, record: RawRecord, context: MappingContext, rows: CanonicalRows) -> None:
        """Append the canonical rows of one raw record."""
        if not isinstance(context, GithubContext):
            raise TypeError(f"a GithubContext is needed, {type(context).__name__} was given")
        mapping.map_record(record, context, rows)

    def close(self) -> None:
        """Release sessions."""
        self._session.close()

    def features(self) -> Features:
        """What this server's schema has; asked once."""
        with self._lock:
            if self._features is None:
                answer = self._session.graphql("asking what the server can do", FEATURE_QUERY, {}, Traffic())
                self._features = Features.from_introspection(answer.data)
            return self._features

    def owners(self) -> list[str]:
        """Logins whose projects (v2) are read: the configured organisations, else the owners of what we see."""
        if self._settings.organizations:
            return list(self._settings.organizations)
        if self._owners is None:
            self.discover()
        return self._owners or []

    def _scope_findings(self, granted: str | None) -> Iterator[tuple[str, str]]:
        """Scopes a classic token lacks; fine-grained tokens and Apps do not tell theirs."""
        if granted is None:
            return
        scopes = {scope.strip() for scope in granted.split(",")}
        for scope, purpose in WANTED_SCOPES.items():
            if not scopes & {scope, *_IMPLIED_BY.get(scope, set())}:
                yield "token", f"lacks the scope {scope}, needed for {purpose}"

    def _project_findings(self) -> Iterator[tuple[str, str]]:
        """Per project (v2), the fields that hold status, points and iterations."""
        outcomes: list[StreamOutcome] = []
        site = SiteReading(self._session, self.features(), self.owners(), None, self._settings.page_size, outcomes,
                           with_items=False)  # fmt: skip
        try:
            kept = [record for record in site.records() if record.stream == "projects_v2"]
        except ItpmError as error:
            yield "projects (v2)", str(error)
            return
        for outcome in outcomes:
            if outcome.reason:
                yield outcome.stream, outcome.reason
        yield from GithubContext.build(self._settings, kept).findings()
