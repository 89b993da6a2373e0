"""Counts and stamps what a reading hands over."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import OutcomeStatus, RawRecord, StreamOutcome


def instant(text: str | None) -> datetime | None:
    """GitHub's ``2026-03-02T09:00:00Z`` as an instant in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def is_since(node: Mapping[str, Any], since: datetime | None, name: str = "updatedAt") -> bool:
    """Whether a node changed at or after ``since``; always, where that is None or the node does not say."""
    at = instant(node.get(name))
    return since is None or at is None or at >= since


@dataclass(slots=True)
class StreamReading:
    """One stream of one project while it is read; several threads may hand over what they read of it."""

    stream: str
    project: str
    traffic: Traffic = field(default_factory=Traffic)
    outcome: StreamOutcome = field(init=False)
    _ids: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.outcome = StreamOutcome(self.stream, self.project)

    def records(
        self, nodes: Iterable[Mapping[str, Any]], fetched_at: Callable[[], datetime] | None = None
    ) -> Iterator[RawRecord]:
        """Nodes as raw records; one that was handed over already in this reading is left out."""
        for node in nodes:
            native_id = str(node["id"])
            with self._lock:
                if native_id in self._ids:
                    continue
                self._ids.add(native_id)
                self.outcome.fetched += 1
            at = fetched_at() if fetched_at else datetime.now(UTC)
            yield RawRecord(self.stream, self.project, native_id, orjson.dumps(node), at)

    def has(self, native_id: str) -> bool:
        """Whether a record was handed over."""
        return native_id in self._ids

    def note(self, name: str, count: int) -> None:
        """Add to a count in the outcome's details."""
        if count:
            with self._lock:
                self.outcome.details[name] = self.outcome.details.get(name, 0) + count

    def fail(self, status: OutcomeStatus, reason: str) -> None:
        """Record that the stream could not be read, and why."""
        self.outcome.status, self.outcome.reason = status, reason
