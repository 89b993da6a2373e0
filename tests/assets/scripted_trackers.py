"""Trackers in memory: three records in every stream of every project, unless the test lets one fail."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.vocabulary import EntityKind
from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import SITE, ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor, Read, RecordMapper
from itpm_pipeline.registry import SOURCES

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


@dataclass
class World:
    """Projects by tracker, and the reason why a reading (``tracker:key``, ``tracker:_site``) is refused."""

    projects: dict[str, list[str]]
    refused: dict[str, str] = field(default_factory=dict)
    undiscovered: dict[str, str] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)


class _Context:
    fingerprint = "always the same"


class ScriptedSource:
    """A source of a real kind, with its streams."""

    def __init__(self, world: World, tracker: Any) -> None:
        self.kind: str = tracker.kind
        self.tracker: str = tracker.name
        self.streams = SOURCES[tracker.kind].streams
        self.world = world

    def discover(self) -> list[ProjectRef]:
        if self.tracker in self.world.undiscovered:
            raise RefusedError(self.world.undiscovered[self.tracker], status=403)
        return [ProjectRef(self.tracker, key, f"id-{key}", key) for key in self.world.projects[self.tracker]]

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        return self._read(SITE, "site")

    def read_project(self, project: ProjectRef, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        return self._read(project.key, "project")

    def _read(self, project: str, scope: str) -> Read:
        names = [stream.name for stream in self.streams if stream.scope == scope]
        outcomes = [StreamOutcome(name, project, fetched=3, requests=1) for name in names]
        return Read(self._records(project, names), outcomes, Cursor(NOW))

    def _records(self, project: str, names: list[str]) -> Iterator[RawRecord]:
        where = f"{self.tracker}:{project}"
        self.world.read.append(where)
        if where in self.world.refused:
            raise RefusedError(self.world.refused[where], status=403)
        for name in names:
            for number in range(3):
                native_id = f"{project}-{number}"
                yield RawRecord(name, project, native_id, json.dumps({"id": native_id}).encode(), NOW)

    def issue_ids(self, project: ProjectRef, traffic: Traffic) -> Iterator[str]:
        yield from (f"{project.key}-{number}" for number in range(3))

    def existing(self, kind: EntityKind, native_ids: Collection[str], traffic: Traffic) -> set[str]:
        return set(native_ids)

    def mapping_context(self, reference: Iterable[RawRecord]) -> _Context:
        return _Context()

    def map_record(self, record: RawRecord, context: _Context, rows: CanonicalRows) -> None:
        """Nothing comes of it."""

    def mapper(self) -> RecordMapper:
        return self

    def close(self) -> None:
        """Nothing is open."""
