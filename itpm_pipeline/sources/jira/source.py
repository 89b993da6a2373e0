"""Jira as a source: implements :class:`itpm_pipeline.extract.source.Source`."""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from itpm_pipeline.canonical.vocabulary import EntityKind
from itpm_pipeline.config import JiraTracker
from itpm_pipeline.extract.client import Client, Traffic
from itpm_pipeline.extract.records import SITE, ProjectRef, RawRecord
from itpm_pipeline.extract.source import Cursor, Probe, Read, RecordMapper, Stream, Whereabouts
from itpm_pipeline.sources.jira import census
from itpm_pipeline.sources.jira.context import JiraContext, build_context
from itpm_pipeline.sources.jira.emission import Emission, utc_now
from itpm_pipeline.sources.jira.fields import find_roles
from itpm_pipeline.sources.jira.mapping import JiraMapper
from itpm_pipeline.sources.jira.probe import probe
from itpm_pipeline.sources.jira.project import read_named, read_project
from itpm_pipeline.sources.jira.remote_links import RemoteLinks
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import FIELD_LISTING, PROJECT_STREAMS, SITE_STREAMS, SPRINT_REPORTS
from itpm_pipeline.sources.jira.site import info_digest, list_entries, list_projects, read_site
from itpm_pipeline.sources.jira.sprint_reports import SprintReports

ARCHIVED = "archived"
"""Reason why an archived project is not read: search does not return its issues."""


class JiraSource(JiraMapper):
    """One Jira Cloud or Data Center site."""

    streams: Sequence[Stream] = SITE_STREAMS + PROJECT_STREAMS

    def __init__(
        self, tracker: JiraTracker, *, client: Client | None = None, now: Callable[[], datetime] = utc_now
    ) -> None:
        """``client`` and ``now`` (our clock) are replaced in tests."""
        super().__init__(tracker.name)
        self._settings = tracker
        self._session = JiraSession(tracker, client)
        self._listing = threading.Lock()
        self._fields: Sequence[Mapping[str, Any]] = ()
        self._now = now

    def probe(self) -> Probe:
        """Who are we there, what can we see. Raises CredentialError or TrackerError."""
        return probe(self._session)

    def discover(self) -> list[ProjectRef]:
        """All visible projects that the configuration includes, ordered by key."""
        return [
            ProjectRef(
                tracker=self.tracker,
                key=str(project["key"]),
                native_id=str(project["id"]),
                name=str(project.get("name") or project["key"]),
                is_archived=bool(project.get("archived")),
                skip_reason=ARCHIVED if project.get("archived") else None,
            )
            for project in list_projects(self._session, Traffic())
            if self._settings.projects.admits(str(project["key"]))
        ]

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        """Records of the whole site; all of them each time, as none tells when it changed.

        Only the sprint reports are read once. The cursor's ``state``: ``server_info``, digest of it;
        ``sprint_reports``, what :class:`SprintReports` was asked. A reconcile asks again for refused reports.
        """
        compares = self._settings.reconcile
        streams = [stream.name for stream in SITE_STREAMS if compares or stream.name != SPRINT_REPORTS]
        emission = Emission(SITE, streams, self._now)
        before = cursor.state if cursor else {}
        known = before.get(SPRINT_REPORTS, {})
        reports = SprintReports(self._session, emission, known, again=reconcile) if compares else None
        self._fields = ()
        read: Read

        def records() -> Iterator[RawRecord]:
            server = self._session.ask_server(emission.traffic("server_info"))
            fields = self._listed_fields(emission.traffic(FIELD_LISTING.stream))
            yield from read_site(self._session, server, fields, emission, before.get("server_info"), reports)
            read.outcomes = emission.finished()
            state: dict[str, Any] = {"server_info": info_digest(server)}
            if reports is not None:
                state[SPRINT_REPORTS] = reports.asked
            read.cursor = Cursor(server.time, state)

        read = Read(records())
        return read

    def read_project(self, project: ProjectRef, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        """Records of one project; with a cursor, those of issues changed since its watermark less the look-back.

        The cursor's ``state``: ``fields``, digest of the fields read; ``remote_links``, ids of the issues that ever had
        one; ``reconciled``, the server's time at the last reconcile. A reconcile goes back to the one before it: what a
        search showed too late for the look-back, it shows by then.
        """
        emission = Emission(project.key, [stream.name for stream in PROJECT_STREAMS], self._now)
        read: Read

        def records() -> Iterator[RawRecord]:
            if project.skip_reason or project.is_archived:
                emission.skip(project.skip_reason or ARCHIVED)
                read.outcomes = emission.finished()
                return
            traffic = emission.traffic("issues")
            server = self._session.server_of_late(traffic)
            fields = self._fields_to_read(traffic)
            digest = hashlib.sha256("\n".join(fields).encode()).hexdigest()
            before = cursor.state if cursor else {}
            # Issues landed without a field that is asked for now must all be read again.
            is_incremental = before.get("fields") == digest and {"remote_links", "reconciled"} <= before.keys()
            since = cursor.watermark if cursor is not None and is_incremental else None
            if since is not None and reconcile:
                since = min(since, datetime.fromisoformat(before["reconciled"]))
            links = RemoteLinks(self._session, emission, before.get("remote_links", ()))
            yield from read_project(self._session, project.key, fields, since, emission, links, reconcile=reconcile)
            emission.outcomes["issues"].details["incremental"] = is_incremental
            emission.outcomes["issues"].is_complete = since is None
            emission.outcomes["versions"].is_complete = True
            read.outcomes = emission.finished()
            if emission.outcomes["issues"].reason is None:
                is_reconciled = reconcile or since is None
                read.cursor = Cursor(server.time, {
                    "fields": digest,
                    "remote_links": sorted(links.owners),
                    "reconciled": server.time.isoformat() if is_reconciled else before["reconciled"],
                })  # fmt: skip

        read = Read(records())
        return read

    def issue_ids(self, project: ProjectRef, traffic: Traffic) -> Iterator[str]:
        """Native ids of all issues we may see in a project now. RefusedError where it cannot be read."""
        return census.issue_ids(self._session, project.key, traffic)

    def find_issues(self, project: ProjectRef, missing: Mapping[str, str], traffic: Traffic) -> list[Whereabouts]:
        """What became of issues that ``project`` lists no more."""
        return census.find_issues(self._session, project, missing.keys(), traffic)

    def read_issues(self, project: ProjectRef, native_ids: Sequence[str]) -> Read:
        """Records of single issues of a project; those that vanished are left out."""
        emission = Emission(project.key, [stream.name for stream in PROJECT_STREAMS], self._now)
        read: Read

        def records() -> Iterator[RawRecord]:
            fields = self._fields_to_read(emission.traffic("issues"))
            yield from read_named(self._session, project.key, native_ids, fields, emission)
            read.outcomes = emission.finished()

        read = Read(records())
        return read

    def existing(self, kind: EntityKind, native_ids: Collection[str], traffic: Traffic) -> set[str]:
        """Which of some projects, sprints or releases are there and visible."""
        return census.existing(self._session, kind, native_ids, traffic)

    def mapping_context(self, reference: Iterable[RawRecord]) -> JiraContext:
        """Context from the newest version of every reference record."""
        return build_context(self._settings, reference)

    def mapper(self) -> RecordMapper:
        """What maps its records, without a session."""
        return JiraMapper(self.tracker)

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    def _listed_fields(self, traffic: Traffic) -> Sequence[Mapping[str, Any]]:
        """The fields of the site; all readings of a run, which go on at the same time, share one answer."""
        with self._listing:
            if not self._fields:
                self._fields = list_entries(self._session, FIELD_LISTING, traffic)
            return self._fields

    def _fields_to_read(self, traffic: Traffic) -> list[str]:
        """Fields to ask for."""
        fields, settings = self._listed_fields(traffic), self._settings
        roles = find_roles(fields, team_field=settings.team_field, start_date_field=settings.start_date_field)
        return roles.to_read
