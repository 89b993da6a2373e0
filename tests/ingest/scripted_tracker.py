"""A tracker in memory, with a real source to read it: records change, fail and vanish as the test says."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.extract.records import SITE, OutcomeStatus, ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor, Probe, Read, RecordMapper, Stream

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """What the tracker holds. ``tick`` moves its clock by a second; every change and every answer takes one."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=lambda: {"points": "cf_1"})
    projects: dict[str, str] = field(default_factory=lambda: {"PAY": "10000"})
    failing: dict[str, Exception] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: Iterator[int] = field(default_factory=lambda: count(1))
    requests: int = 0

    def tick(self) -> datetime:
        return EPOCH + timedelta(seconds=next(self.seconds))

    def put(self, native_id: str, project: str = "PAY", **fields: Any) -> None:
        """Create or change an issue."""
        now = self.tick().isoformat()
        self.issues[native_id] = {
            "id": native_id, "project": project, **self.issues.get(native_id, {}), **fields, "updated": now,
        }


@dataclass(frozen=True)
class ScriptedContext:
    points: str

    @property
    def fingerprint(self) -> str:
        return f"points={self.points}"


class ScriptedSource:
    """Maps an issue to ``issue``, its assignee to ``person``, its history to ``issue_field_event``, its sprint to
    ``field_observation``."""

    kind = "jira"
    streams = (
        Stream("fields", "site", "Which field holds points.", is_reference=True),
        Stream("issues", "project", "Issues."),
    )

    def __init__(self, world: World, tracker: str = "toy") -> None:
        self.world = world
        self.tracker = tracker
        self.closed = False

    def probe(self) -> Probe:
        return Probe("cloud", "1", "me", EPOCH)

    def discover(self) -> list[ProjectRef]:
        self._fail("discover")
        return [
            ProjectRef(self.tracker, key, native_id, key.title(), skip_reason=self.world.skipped.get(key))
            for key, native_id in sorted(self.world.projects.items())
        ]

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        def records() -> Iterator[RawRecord]:
            self._fail(SITE)
            yield self._record("fields", SITE, "fields", self.world.fields)

        return self._read(records(), "fields", SITE)

    def read_project(self, project: ProjectRef, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        if project.skip_reason:
            read = Read(iter(()))
            read.outcomes.append(StreamOutcome("issues", project.key, OutcomeStatus.SKIPPED, project.skip_reason))
            return read

        def records() -> Iterator[RawRecord]:
            for issue in list(self.world.issues.values()):
                is_new = cursor is None or datetime.fromisoformat(issue["updated"]) >= cursor.watermark
                if issue["project"] == project.key and is_new:
                    yield self._record("issues", project.key, issue["id"], issue)
            self._fail(project.key)

        return self._read(records(), "issues", project.key)

    def mapping_context(self, reference: Iterable[RawRecord]) -> ScriptedContext:
        payloads = [json.loads(record.payload) for record in reference]
        return ScriptedContext(payloads[0]["points"] if payloads else "none")

    def map_record(self, record: RawRecord, context: ScriptedContext, rows: CanonicalRows) -> None:
        if record.stream == "issues":
            map_issue(self.tracker, record, context, rows)

    def mapper(self) -> RecordMapper:
        return self

    def close(self) -> None:
        self.closed = True

    def _record(self, stream: str, project: str, native_id: str, value: Any) -> RawRecord:
        return RawRecord(stream, project, native_id, json.dumps(value).encode(), self.world.tick())

    def _read(self, records: Iterator[RawRecord], stream: str, project: str) -> Read:
        outcome = StreamOutcome(stream, project)
        watermark = self.world.tick()
        read = Read(iter(()))

        def counted() -> Iterator[RawRecord]:
            self.world.requests += 1
            outcome.requests += 1
            for record in records:
                outcome.fetched += 1
                yield record
            read.outcomes.append(outcome)
            read.cursor = Cursor(watermark, {"seen": outcome.fetched})

        read.records = counted()
        return read

    def _fail(self, where: str) -> None:
        if where in self.world.failing:
            raise self.world.failing[where]


def map_issue(tracker: str, record: RawRecord, context: ScriptedContext, rows: CanonicalRows) -> None:
    issue = json.loads(record.payload)
    if issue.get("broken"):
        raise MappingError(f"issue {issue['id']}: broken is {issue['broken']!r}")
    issue_id = f"jira:{tracker}:{issue['id']}"
    person_id = f"jira:{tracker}:user:{issue['assignee'][0]}" if issue.get("assignee") else None
    rows.add("issue", {
        "issue_id": issue_id, "issue_key": f"{issue['project']}-{issue['id']}", "summary": issue.get("title"),
        "assignee_person_id": person_id, "estimate_points": issue.get(context.points),
        "updated_at": datetime.fromisoformat(issue["updated"]),
    })
    if person_id:
        rows.add("person", {"person_id": person_id, "display_name": issue["assignee"][1]})
    rows.replace("issue_field_event", issue_id)
    for change in issue.get("history", ()):
        rows.add("issue_field_event", {
            "issue_id": issue_id, "source_event_id": change, "item_ordinal": 0, "field": "status", "to_text": change,
        })
    for field_name in ("sprint", "state"):
        if field_name in issue:
            rows.add("field_observation", {
                "entity_kind": "issue", "entity_id": issue_id, "field": field_name,
                "observed_at": record.fetched_at, "value": issue[field_name],
            })
