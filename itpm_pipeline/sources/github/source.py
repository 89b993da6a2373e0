"""The GitHub source: repositories with issues, pull requests and deliveries, and projects (v2) of their owners."""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache

from itpm_pipeline.canonical.vocabulary import EntityKind
from itpm_pipeline.config import GithubTracker
from itpm_pipeline.errors import ItpmError
from itpm_pipeline.extract.client import Client, Traffic
from itpm_pipeline.extract.records import ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor, MappingContext, Probe, Read, RecordMapper, Stream, Whereabouts
from itpm_pipeline.sources.github import census, queries
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.discovery import discover, is_included
from itpm_pipeline.sources.github.features import FEATURE_QUERY, Features
from itpm_pipeline.sources.github.mapping import GithubMapper
from itpm_pipeline.sources.github.records import StreamReading
from itpm_pipeline.sources.github.repository import ISSUES, RepositoryReading
from itpm_pipeline.sources.github.session import GithubSession
from itpm_pipeline.sources.github.site import SiteReading
from itpm_pipeline.sources.github.touched import read_issues

STREAMS = (
    Stream("organizations", "site", "Organisations (or users) that own the repositories"),
    Stream("issue_types", "site", "Issue types of the organisations"),
    Stream("projects_v2", "site", "Projects (v2) with their fields, options and iterations", is_reference=True),
    Stream(
        "project_items", "site", "Items of projects (v2) with the values of their fields",
        holds=EntityKind.PROJECT_ITEM,
    ),
    Stream("repository", "project", "The repository itself"),
    Stream("milestones", "project", "Milestones", holds=EntityKind.VERSION),
    Stream(
        "issues", "project", "Issues with timeline, dependencies and sub-issues, each connection complete",
        holds=EntityKind.ISSUE,
    ),
    Stream("pull_requests", "project", "Pull requests with the issues they close and their reviews"),
    Stream("releases", "project", "Releases"),
    Stream("deployments", "project", "Deployments with their statuses"),
)

WANTED_SCOPES = {"repo": "private repositories", "read:org": "organisations", "read:project": "projects (v2)"}
_IMPLIED_BY = {"read:org": {"admin:org", "write:org"}, "read:project": {"project"}}


class GithubSource(GithubMapper):
    """One GitHub (github.com or an Enterprise Server) as configured; safe to use from several threads."""

    streams: Sequence[Stream] = STREAMS

    def __init__(self, tracker: GithubTracker, client: Client | None = None) -> None:
        super().__init__(tracker.name)
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

        @cache
        def reading() -> SiteReading:
            return SiteReading(
                self._session, self.features(), self.owners(), cursor, self._settings.page_size, read.outcomes,
                reconcile=reconcile, is_synced=self._is_synced,
            )

        def references() -> Iterator[RawRecord]:
            yield from reading().references()

        def records() -> Iterator[RawRecord]:
            yield from reading().records()
            read.cursor = reading().cursor

        read.references, read.records = references(), records()
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

    def issue_ids(self, project: ProjectRef, traffic: Traffic) -> Iterator[str]:
        """Node ids of all issues we may see in a repository now. RefusedError where it cannot be read."""
        return census.issue_ids(self._session, project, traffic)

    def find_issues(self, project: ProjectRef, missing: Mapping[str, str], traffic: Traffic) -> list[Whereabouts]:
        """What became of issues that a repository lists no more."""
        return census.find_issues(self._session, project, missing, traffic)

    def read_issues(self, project: ProjectRef, native_ids: Sequence[str]) -> Read:
        """Single issues of a repository; those that vanished are left out."""
        under_way = StreamReading(ISSUES, project.key)
        doing = f"reading issues of {project.key} again"
        read = Read(iter(()))

        def records() -> Iterator[RawRecord]:
            yield from read_issues(self._session, self.features(), native_ids, under_way, doing)
            under_way.traffic.tell(under_way.outcome)
            read.outcomes.append(under_way.outcome)

        read.records = records()
        return read

    def existing(self, kind: EntityKind, native_ids: Collection[str], traffic: Traffic) -> set[str]:
        """Which of some repositories, milestones or project items are there and visible."""
        del kind  # GitHub's ids say of what kind they are.
        return census.existing(self._session, native_ids, traffic)

    def mapping_context(self, reference: Iterable[RawRecord]) -> MappingContext:
        """What the projects' fields mean."""
        return GithubContext.build(self._settings, reference)

    def mapper(self) -> RecordMapper:
        """What maps its records, without a session."""
        return GithubMapper(self.tracker)

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

    def _is_synced(self, key: str) -> bool:
        """Whether a repository is one of ours: projects (v2) may hold issues of any."""
        owners = {owner.casefold() for owner in self.owners()}
        return key.partition("/")[0].casefold() in owners and is_included(key, self._settings.repositories)

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
        site = SiteReading(self._session, self.features(), self.owners(), None, self._settings.page_size, outcomes)
        try:
            kept = [record for record in site.references() if record.stream == "projects_v2"]
        except ItpmError as error:
            yield "projects (v2)", str(error)
            return
        for outcome in outcomes:
            if outcome.reason:
                yield outcome.stream, outcome.reason
        yield from GithubContext.build(self._settings, kept).findings()
