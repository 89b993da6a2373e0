"""Reads one repository: issues with their history, pull requests, milestones, releases, deployments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from itpm_pipeline.extract.records import OutcomeStatus, ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.sources.github import queries
from itpm_pipeline.sources.github.completion import Completion
from itpm_pipeline.sources.github.features import Features
from itpm_pipeline.sources.github.pages import PageSize, ask, following, found, page_of, walk
from itpm_pipeline.sources.github.records import StreamReading, is_since, reading
from itpm_pipeline.sources.github.session import GithubSession

LOOK_BACK = timedelta(minutes=10)
"""Overlap of incremental readings: replicas trail, and an update may carry a time before it becomes visible."""

RUNNING = frozenset({"IN_PROGRESS", "PENDING", "QUEUED", "WAITING"})
"""Deployment states that will change; such deployments are read again, however old."""
RUNNING_KEPT = 500
"""Abandoned deployments stay pending for ever; only the newest are followed."""

OLDEST_FIRST = {"field": "CREATED_AT", "direction": "ASC"}
LATEST_CHANGE_FIRST = {"field": "UPDATED_AT", "direction": "DESC"}

REPOSITORY = "repository"
ISSUES, PULL_REQUESTS = "issues", "pull_requests"
LISTS = tuple(queries.REPOSITORY_LISTS)


@dataclass(slots=True)
class RepositoryReading:
    """One reading of one repository; ``records`` fills ``outcomes`` and, at its end, ``cursor``."""

    session: GithubSession
    features: Features
    project: ProjectRef
    previous: Cursor | None
    page_size: int
    outcomes: list[StreamOutcome]
    cursor: Cursor | None = None
    _running: list[str] = field(default_factory=list)

    @property
    def since(self) -> datetime | None:
        """Changes from here on are read; None: everything."""
        return self.previous.watermark - LOOK_BACK if self.previous else None

    @property
    def address(self) -> dict[str, str]:
        """Variables that name the repository."""
        owner, _, name = self.project.key.partition("/")
        return {"owner": owner, "name": name}

    def records(self) -> Iterator[RawRecord]:
        """Everything that changed."""
        readings = {name: StreamReading(name, self.project.key) for name in (REPOSITORY, *LISTS)}
        doing = f"reading repository {self.project.key}"
        overview = readings[REPOSITORY]
        size = PageSize(self.page_size)
        answer = ask(self.session, doing, queries.overview_query(), self.address, size=size, traffic=overview.traffic)
        started = answer.server_time
        repository = dict(found(answer, ("repository",), doing))
        connections = {name: repository.pop(queries.REPOSITORY_LISTS[name][0]) for name in LISTS}
        newest = {ISSUES: repository.pop("newestIssues"), PULL_REQUESTS: repository.pop("newestPullRequests")}
        yield from overview.records([repository])
        for name in LISTS:
            first = page_of(connections[name] or {}, answer)
            yield from self._list(readings[name], first.nodes, connections[name] or {})
        yield from self._running_deployments(readings["deployments"])
        for under_way in readings.values():
            under_way.traffic.tell(under_way.outcome)
            self.outcomes.append(under_way.outcome)
        yield from self._issues(newest[ISSUES])
        yield from self._pull_requests(newest[PULL_REQUESTS])
        self.cursor = Cursor(started.astimezone(UTC), {"running_deployments": self._running[:RUNNING_KEPT]})

    def _list(self, under_way: StreamReading, nodes: Any, connection: Mapping[str, Any]) -> Iterator[RawRecord]:
        """A list that comes newest first: stops where everything older was read before."""
        stream, doing = under_way.stream, f"reading {under_way.stream} of {self.project.key}"
        order = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt"}[queries.REPOSITORY_LISTS[stream][1]]
        yield from self._changed(under_way, nodes)
        if nodes and not is_since(nodes[-1], self.since, order):
            return
        after = following(connection, doing, set())
        if after is None:
            return
        path = ("repository", queries.REPOSITORY_LISTS[stream][0])
        size = PageSize(self.page_size)
        for page in walk(self.session, doing, queries.repository_list_query(stream), self.address, path, size=size,
                         traffic=under_way.traffic, after=after):  # fmt: skip
            yield from self._changed(under_way, page.nodes)
            if page.nodes and not is_since(page.nodes[-1], self.since, order):
                return

    def _changed(self, under_way: StreamReading, nodes: Any) -> Iterator[RawRecord]:
        for node in nodes:
            changes = [node, *((node.get("statuses") or {}).get("nodes") or ())]
            if any(is_since(change, self.since, "updatedAt" if change is node else "createdAt") for change in changes):
                self._note_running(under_way, node)
                yield from under_way.records([node])

    def _note_running(self, under_way: StreamReading, node: Mapping[str, Any]) -> None:
        if under_way.stream == "deployments" and node.get("state") in RUNNING:
            self._running.append(str(node["id"]))

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
            for node in answer.data.get("nodes") or ():
                if node:
                    self._note_running(under_way, node)
                    yield from under_way.records([node])

    def _issues(self, newest: Mapping[str, Any]) -> Iterator[RawRecord]:
        with reading(self.outcomes, ISSUES, self.project.key) as under_way:
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

    def _pull_requests(self, newest: Mapping[str, Any]) -> Iterator[RawRecord]:
        with reading(self.outcomes, PULL_REQUESTS, self.project.key) as under_way:
            if not self._has_news(newest):
                return
            doing = f"reading pull requests of {self.project.key}"
            order = LATEST_CHANGE_FIRST if self.since else OLDEST_FIRST
            completion = Completion(self.session, self.features, "PullRequest", doing, under_way.traffic)
            size = PageSize(self.page_size)
            for page in walk(self.session, doing, queries.pull_requests_query(), {**self.address, "order": order},
                             ("repository", "pullRequests"), size=size, traffic=under_way.traffic):  # fmt: skip
                under_way.note("hidden", page.hidden)
                fresh = [node for node in page.nodes if is_since(node, self.since)]
                yield from under_way.records(completion.add(fresh))
                if len(fresh) < len(page.nodes):
                    break
            yield from under_way.records(completion.finish())
            under_way.note("page_halvings", size.halvings)

    def _has_news(self, newest: Mapping[str, Any]) -> bool:
        """Whether anything changed, by the one node that changed last: spares two requests per quiet repository."""
        nodes = [node for node in (newest or {}).get("nodes") or () if node]
        if not nodes:
            return bool((newest or {}).get("totalCount"))
        return is_since(nodes[0], self.since)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
