"""Reads one repository: issues with their history, pull requests, milestones, releases, deployments."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from itpm_pipeline.extract.records import OutcomeStatus, ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.sources.github import queries
from itpm_pipeline.sources.github.completion import Completion
from itpm_pipeline.sources.github.features import Features
from itpm_pipeline.sources.github.pages import PageSize, ask, following, found, walk
from itpm_pipeline.sources.github.records import StreamReading, instant, is_since
from itpm_pipeline.sources.github.session import GithubSession
from itpm_pipeline.sources.github.touched import issues_with_project_events, read_issues

LOOK_BACK = timedelta(minutes=10)
"""Overlap of incremental readings: replicas trail, and an update may carry a time before it becomes visible."""

RUNNING = frozenset({"IN_PROGRESS", "PENDING", "QUEUED", "WAITING"})
"""Deployment states that will change; such deployments are read again, however old."""
RUNNING_KEPT = 500
"""Abandoned deployments stay pending for ever; only the newest are followed."""

OLDEST_FIRST = {"field": "CREATED_AT", "direction": "ASC"}
LATEST_CHANGE_FIRST = {"field": "UPDATED_AT", "direction": "DESC"}

REPOSITORY, MILESTONES, ISSUES = "repository", "milestones", "issues"
PULL_REQUESTS, RELEASES, DEPLOYMENTS = "pull_requests", "releases", "deployments"
STREAMS = (REPOSITORY, MILESTONES, ISSUES, PULL_REQUESTS, RELEASES, DEPLOYMENTS)


@dataclass(slots=True)
class RepositoryReading:
    """One reading of one repository; ``records`` fills ``outcomes`` and, at its end, ``cursor``."""

    session: GithubSession
    features: Features
    project: ProjectRef
    previous: Cursor | None
    page_size: int
    outcomes: list[StreamOutcome]
    reconcile: bool = False
    """Read as well what may have changed without telling."""
    cursor: Cursor | None = None
    _running: list[str] = field(default_factory=list)
    _touched: dict[str, None] = field(default_factory=dict)
    """Issues that changed pull requests would close: that shows in them without moving their ``updatedAt``."""

    @property
    def since(self) -> datetime | None:
        """Changes from here on are read; None: everything.

        A reconcile goes back to the one before it: what a search showed too late for the look-back, it shows by then.
        """
        if self.previous is None:
            return None
        if not self.reconcile:
            return self.previous.watermark - LOOK_BACK
        reconciled = instant(self.previous.state.get("reconciled"))
        return min(self.previous.watermark, reconciled) - LOOK_BACK if reconciled else None

    @property
    def address(self) -> dict[str, str]:
        """Variables that name the repository."""
        owner, _, name = self.project.key.partition("/")
        return {"owner": owner, "name": name}

    def records(self) -> Iterator[RawRecord]:
        """Everything that changed."""
        readings = {name: StreamReading(name, self.project.key) for name in STREAMS}
        doing = f"reading repository {self.project.key}"
        overview = readings[REPOSITORY]
        size = PageSize(self.page_size)
        answer = ask(self.session, doing, queries.overview_query(), self.address, size=size, traffic=overview.traffic)
        repository = dict(found(answer, ("repository",), doing))
        connections = {name: repository.pop(name) or {} for name in queries.OVERVIEW_LISTS}
        newest_issues, newest_pulls = repository.pop("newestIssues"), repository.pop("newestPullRequests")
        yield from overview.records([repository])
        yield from self._issues(readings[ISSUES], newest_issues)
        yield from self._lists(readings, connections, with_pulls=self._has_news(newest_pulls))
        yield from self._running_deployments(readings[DEPLOYMENTS])
        yield from self._touched_issues(readings[ISSUES])
        for stream in (ISSUES, MILESTONES):
            readings[stream].outcome.is_complete = self.since is None
        readings[ISSUES].outcome.is_complete &= not self.project.skip_reason
        for under_way in readings.values():
            under_way.traffic.tell(under_way.outcome)
            self.outcomes.append(under_way.outcome)
        started = answer.server_time.astimezone(UTC)
        kept = self.previous if not self.reconcile else None
        reconciled = kept.state.get("reconciled") if kept else started.isoformat()
        self.cursor = Cursor(
            started, {"running_deployments": self._running[:RUNNING_KEPT], "reconciled": reconciled}
        )

    def _issues(self, under_way: StreamReading, newest: Mapping[str, Any]) -> Iterator[RawRecord]:
        if self.project.skip_reason:
            under_way.fail(OutcomeStatus.SKIPPED, self.project.skip_reason)
            return
        if not self._has_news(newest):
            return
        doing = f"reading issues of {self.project.key}"
        since = {"since": _text(self.since)} if self.since else {}
        completion = Completion(self.session, self.features, "Issue", doing, under_way.traffic)
        size = PageSize(self.page_size)
        for page in walk(self.session, doing, queries.issues_query(self.features), {**self.address, **since},
                         ("repository", "issues"), size=size, traffic=under_way.traffic):  # fmt: skip
            under_way.note("hidden", page.hidden)
            yield from under_way.records(completion.add(page.nodes))
        yield from under_way.records(completion.finish())
        under_way.note("page_halvings", size.halvings)

    def _lists(
        self, readings: Mapping[str, StreamReading], first: Mapping[str, Mapping[str, Any]], *, with_pulls: bool
    ) -> Iterator[RawRecord]:
        """Lists that cannot be filtered by time, page by page together; each until its end or until it is known."""
        doing = f"reading pull requests and deliveries of {self.project.key}"
        pulls = readings[PULL_REQUESTS]
        completion = Completion(self.session, self.features, "PullRequest", doing, pulls.traffic)
        cursors: dict[str, str | None] = {}
        seen: dict[str, set[str]] = {stream: set() for stream in queries.REPOSITORY_LISTS}

        def take(stream: str, connection: Mapping[str, Any]) -> Iterator[RawRecord]:
            nodes = [node for node in connection.get("nodes") or () if node]
            readings[stream].note("hidden", len(connection.get("nodes") or ()) - len(nodes))
            fresh = [node for node in nodes if self._is_changed(node)]
            self._note_running(stream, fresh)
            self._note_touched(stream, fresh)
            yield from readings[stream].records(completion.add(fresh) if stream == PULL_REQUESTS else fresh)
            cursors.pop(stream, None)
            after = following(connection, doing, seen[stream])
            if after and (not nodes or is_since(nodes[-1], self.since, queries.REPOSITORY_LISTS[stream].ordered_by)):
                cursors[stream] = after

        for stream, connection in first.items():
            yield from take(stream, connection)
        if with_pulls:
            cursors[PULL_REQUESTS] = None
        order = LATEST_CHANGE_FIRST if self.since else OLDEST_FIRST
        size = PageSize(self.page_size)
        while cursors:
            under_way = tuple(cursors)
            variables: dict[str, Any] = {f"after_{stream}": after for stream, after in cursors.items() if after}
            if PULL_REQUESTS in cursors:
                variables["order"] = order
            # What is asked for together counts as traffic of one stream.
            payer = pulls if PULL_REQUESTS in cursors else readings[under_way[0]]
            answer = ask(self.session, doing, queries.repository_lists_query(under_way), {**self.address, **variables},
                         size=size, traffic=payer.traffic)  # fmt: skip
            for stream in under_way:
                path = ("repository", queries.REPOSITORY_LISTS[stream].connection)
                yield from take(stream, found(answer, path, doing))
        yield from pulls.records(completion.finish())
        pulls.note("page_halvings", size.halvings)

    def _is_changed(self, node: Mapping[str, Any]) -> bool:
        """Changed since the last reading; a deployment also by a new status."""
        statuses = (node.get("statuses") or {}).get("nodes") or ()
        return is_since(node, self.since) or any(is_since(status, self.since, "createdAt") for status in statuses)

    def _note_running(self, stream: str, nodes: Iterable[Mapping[str, Any]]) -> None:
        if stream == DEPLOYMENTS:
            self._running += [str(node["id"]) for node in nodes if node.get("state") in RUNNING]

    def _note_touched(self, stream: str, nodes: Iterable[Mapping[str, Any]]) -> None:
        if stream == PULL_REQUESTS:
            for node in nodes:
                for issue in (node.get("closingIssuesReferences") or {}).get("nodes") or ():
                    if issue and (issue.get("repository") or {}).get("nameWithOwner") == self.project.key:
                        self._touched[str(issue["id"])] = None

    def _touched_issues(self, under_way: StreamReading) -> Iterator[RawRecord]:
        """Issues that changed without saying so, those left out that were read anyway."""
        since = self.since
        if since is None or self.project.skip_reason:
            return
        if self.reconcile:
            doing = f"looking for what happened in projects to issues of {self.project.key}"
            found = issues_with_project_events(self.session, self.features, self.address, since, under_way, doing)
            self._touched |= dict.fromkeys(found)
        missing = [native_id for native_id in self._touched if not under_way.has(native_id)]
        yield from read_issues(
            self.session, self.features, missing, under_way, f"reading issues of {self.project.key} again"
        )

    def _running_deployments(self, under_way: StreamReading) -> Iterator[RawRecord]:
        """Deployments that were under way at the last reading and did not turn up in this one."""
        kept = self.previous.state.get("running_deployments", ()) if self.previous else ()
        missing = [str(native_id) for native_id in kept if not under_way.has(str(native_id))]
        for start in range(0, len(missing), 100):
            answer = self.session.graphql(
                f"reading deployments under way of {self.project.key}",
                queries.deployments_by_id_query(),
                {"ids": missing[start : start + 100]},
                under_way.traffic,
            )
            nodes = [node for node in answer.data.get("nodes") or () if node]
            self._note_running(DEPLOYMENTS, nodes)
            yield from under_way.records(nodes)

    def _has_news(self, newest: Mapping[str, Any]) -> bool:
        """Whether anything changed, by the one node that changed last: spares two requests per quiet repository."""
        nodes = [node for node in (newest or {}).get("nodes") or () if node]
        if not nodes:
            return bool((newest or {}).get("totalCount"))
        return is_since(nodes[0], self.since)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
