"""What a source hands over: raw records, and what became of each stream."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

SITE = "_site"
"""Project key of records that belong to a whole tracker (fields, statuses, boards …)."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One object exactly as the tracker sent it.

    ``payload`` is the JSON text (UTF-8) of the object, keys in the order they came.
    ``native_id`` is the tracker's immutable id, unique within (tracker, stream).
    ``fetched_at`` is our clock, UTC, when the answer arrived.
    """

    stream: str
    project: str
    native_id: str
    payload: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """One project a tracker lets us see: ``key`` is the human key (``PAY``, ``acme/checkout``)."""

    tracker: str
    key: str
    native_id: str
    name: str
    is_archived: bool = False
    skip_reason: str | None = None
    """Set where the project is visible but its issues cannot be read (issues disabled, no permission)."""

    @property
    def partition(self) -> str:
        """The name of the project in program.yaml, the Dagster UI and the sync log."""
        return f"{self.tracker}:{self.key}"


class OutcomeStatus(StrEnum):
    """What became of one stream of one project in one run."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(slots=True)
class StreamOutcome:
    """Result of reading one stream of one project (or of the site) in one run.

    ``reason`` is set unless the status is OK. ``requests``, ``retries`` and ``waited_seconds`` count HTTP
    traffic; ``points`` GraphQL points; ``fetched`` raw records; ``bytes`` response bodies after decompression.
    ``is_complete``: every record there is was handed over, so that one that is missing is not there any more.
    """

    stream: str
    project: str
    status: OutcomeStatus = OutcomeStatus.OK
    reason: str | None = None
    fetched: int = 0
    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    points: int = 0
    bytes: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    is_complete: bool = False
