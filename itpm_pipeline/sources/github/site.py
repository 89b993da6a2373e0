"""Reads what belongs to no single repository: owners, issue types, projects (v2) and their items.

A project's items cannot be filtered by time. ``ProjectV2.updatedAt`` moves with every change of an item, so a project
is scanned again only when it moved, or in a reconcile; of a scan, items are handed over that changed since the scan
before, or all of them in a reconcile or when the project's fields changed (replacing an iteration list clears values
without touching the items). The issues of changed items are read as well (``touched.py``), here and not with their
repository: so they are landed with the very cursor that says that the change was seen.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from itpm_pipeline.errors import CredentialError, RefusedError
from itpm_pipeline.extract.read_ahead import at_once
from itpm_pipeline.extract.records import SITE, OutcomeStatus, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.sources.github import queries
from itpm_pipeline.sources.github.completion import Completion
from itpm_pipeline.sources.github.features import Features
from itpm_pipeline.sources.github.pages import PageSize, found, walk
from itpm_pipeline.sources.github.records import StreamReading, instant, is_since
from itpm_pipeline.sources.github.repository import ISSUES, LOOK_BACK
from itpm_pipeline.sources.github.session import GithubSession
from itpm_pipeline.sources.github.touched import read_issues

ORGANIZATIONS, ISSUE_TYPES, PROJECTS, ITEMS = "organizations", "issue_types", "projects_v2", "project_items"
PROJECTS_AT_ONCE = 20
SCANNED_AT_ONCE = 4
"""Projects whose items are read at once: page follows page, so one alone keeps a tracker waiting for us."""


@dataclass(slots=True)
class SiteReading:
    """One reading of the site: ``references`` first, then ``records``.

    Both fill ``outcomes``; ``records`` fills ``cursor`` at its end: its ``state["projects"]`` has, per project id,
    ``updated`` (its updatedAt at the last scan), ``scanned`` (server clock at the start of that scan) and ``fields``
    (digest of its fields).
    """

    session: GithubSession
    features: Features
    owners: Sequence[str]
    previous: Cursor | None
    page_size: int
    outcomes: list[StreamOutcome]
    reconcile: bool = False
    """Read as well what may have changed without telling."""
    is_synced: Callable[[str], bool] = lambda _: True
    """Whether the issues of a repository, by its key, are read at all."""
    cursor: Cursor | None = None
    _state: dict[str, Any] = field(default_factory=dict)
    _started: datetime | None = None
    _to_scan: list[tuple[Mapping[str, Any], str]] = field(default_factory=list)
    """Projects that moved, with the digest of their fields."""
    _lists_all_projects: bool = True
    _touched: dict[str, None] = field(default_factory=dict)
    _in_part: set[str] = field(default_factory=set)
    """Projects of which not all items were handed over."""

    def references(self) -> Iterator[RawRecord]:
        """Owners, issue types, and the fields of projects that changed, which tell how to read all else."""
        readings = {name: StreamReading(name, SITE) for name in (ORGANIZATIONS, ISSUE_TYPES, PROJECTS)}
        moved: list[Mapping[str, Any]] = []
        for login in self.owners:
            yield from self._owner(login, readings)
            moved += self._moved_projects(login, readings[PROJECTS])
        for start in range(0, len(moved), PROJECTS_AT_ONCE):
            yield from readings[PROJECTS].records(
                self._fields(moved[start : start + PROJECTS_AT_ONCE], readings[PROJECTS])
            )
        self._lists_all_projects = readings[PROJECTS].outcome.status is OutcomeStatus.OK
        self._tell(readings.values())

    def records(self) -> Iterator[RawRecord]:
        """Items that changed, and their issues."""
        items = StreamReading(ITEMS, SITE)
        scans = [self._items(project, digest, items) for project, digest in self._to_scan]
        yield from at_once(scans, workers=SCANNED_AT_ONCE)
        is_full = self.reconcile or self.previous is None
        items.outcome.is_complete = is_full and self._lists_all_projects and not self._in_part
        self._tell([items])
        if self._touched:
            issues = StreamReading(ISSUES, SITE)
            yield from read_issues(
                self.session, self.features, list(self._touched), issues, "reading issues of changed items"
            )
            self._tell([issues])
        if self._started is not None:
            self.cursor = Cursor(self._started, {"projects": self._state})

    def _tell(self, readings: Iterable[StreamReading]) -> None:
        for under_way in readings:
            under_way.traffic.tell(under_way.outcome)
            self.outcomes.append(under_way.outcome)

    def _owner(self, login: str, readings: Mapping[str, StreamReading]) -> Iterator[RawRecord]:
        under_way = readings[ORGANIZATIONS]
        doing = f"reading owner {login}"
        answer = self.session.graphql(doing, queries.owner_query(self.features), {"login": login}, under_way.traffic)
        self._started = self._started or answer.server_time
        owner = dict(found(answer, ("repositoryOwner",), doing))
        types = (owner.pop("issueTypes", None) or {}).get("nodes") or ()
        yield from under_way.records([owner])
        yield from readings[ISSUE_TYPES].records(kind for kind in types if kind)

    def _moved_projects(self, login: str, under_way: StreamReading) -> Iterator[Mapping[str, Any]]:
        """Projects that changed since they were scanned; the state of the others is carried over."""
        before = self.previous.state.get("projects", {}) if self.previous else {}
        try:
            doing, path = f"listing projects of {login}", ("repositoryOwner", "projectsV2")
            for page in walk(self.session, doing, queries.projects_query(), {"login": login}, path,
                             size=PageSize(100), traffic=under_way.traffic):  # fmt: skip
                under_way.note("hidden", page.hidden)
                for project in page.nodes:
                    known = before.get(project["id"])
                    if known and known["updated"] == project["updatedAt"] and not self.reconcile:
                        self._state[project["id"]] = known
                    else:
                        yield {**project, "server_time": page.server_time}
        except (CredentialError, RefusedError) as error:
            # Tokens often lack read:project. The rest of GitHub is worth having all the same.
            under_way.fail(OutcomeStatus.FAILED, str(error))

    def _fields(
        self, projects: Sequence[Mapping[str, Any]], under_way: StreamReading
    ) -> Iterator[Mapping[str, Any]]:
        """Those of the projects that are still there, with their fields; to be scanned later."""
        ids = [project["id"] for project in projects]
        answer = self.session.graphql(
            "reading fields of projects", queries.project_details_query(), {"ids": ids}, under_way.traffic
        )
        details = {node["id"]: node for node in answer.data.get("nodes") or () if node}
        for project in projects:
            if found := details.get(project["id"]):
                digest = hashlib.sha256(orjson.dumps(found["fields"])).hexdigest()[:16]
                self._to_scan.append((project, digest))
                yield found

    def _items(
        self, project: Mapping[str, Any], digest: str, under_way: StreamReading
    ) -> Iterator[RawRecord]:
        """Items of one project; read beside those of others."""
        before = (self.previous.state.get("projects", {}) if self.previous else {}).get(project["id"])
        scanned = instant(before["scanned"]) if before else None
        changed_since = scanned - LOOK_BACK if scanned else None
        is_selective = before is not None and before["fields"] == digest and not self.reconcile
        since = changed_since if is_selective else None
        doing = f"reading items of project {project['number']} ({project['id']})"
        completion = Completion(self.session, self.features, "ProjectV2Item", doing, under_way.traffic)
        size = PageSize(self.page_size)
        seen: set[str] = set()
        total = 0
        for page in walk(self.session, doing, queries.project_items_query(self.features), {"id": project["id"]},
                         ("node", "items"), size=size, traffic=under_way.traffic):  # fmt: skip
            under_way.note("hidden", page.hidden)
            total = int(page.connection.get("totalCount") or 0)
            seen.update(node["id"] for node in page.nodes)
            self._note_touched(page.nodes, changed_since)
            yield from under_way.records(completion.add(node for node in page.nodes if _changed(node, since)))
        yield from under_way.records(completion.finish())
        under_way.note("page_halvings", size.halvings)
        # Items are ordered by position: one that is dragged during the scan may slip through. Then the next scan
        # begins where this one did.
        is_whole = len(seen) >= total
        if not is_whole or since is not None:
            self._in_part.add(project["id"])
        started = project["server_time"].isoformat() if is_whole else (before or {}).get("scanned")
        if started:
            self._state[project["id"]] = {"updated": project["updatedAt"], "scanned": started, "fields": digest}

    def _note_touched(self, items: Sequence[Mapping[str, Any]], since: datetime | None) -> None:
        """Issues of the items that changed since the last scan; a first scan touches none, as they are all unread."""
        for item in items if since else ():
            content = item.get("content") or {}
            key = (content.get("repository") or {}).get("nameWithOwner")
            if content.get("__typename") == "Issue" and key and self.is_synced(key) and _changed(item, since):
                self._touched[str(content["id"])] = None


def _changed(item: Mapping[str, Any], since: datetime | None) -> bool:
    values = [value for value in (item.get("fieldValues") or {}).get("nodes") or () if value]
    return is_since(item, since) or any(value.get("updatedAt") and is_since(value, since) for value in values)
