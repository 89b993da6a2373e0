"""Turns what was read into raw records, counted per stream."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import OutcomeStatus, RawRecord, StreamOutcome


def utc_now() -> datetime:
    """Our clock."""
    return datetime.now(UTC)


class Emission:
    """Makes the records of one reading of ``project``, and one outcome per stream with its traffic."""

    def __init__(self, project: str, streams: Iterable[str], now: Callable[[], datetime] = utc_now) -> None:
        self.project = project
        self.outcomes = {stream: StreamOutcome(stream, project) for stream in streams}
        self._traffic = {stream: Traffic() for stream in self.outcomes}
        self._now = now

    def traffic(self, stream: str) -> Traffic:
        """Where requests of a stream are counted."""
        return self._traffic[stream]

    def record(self, stream: str, native_id: Any, value: Any) -> RawRecord:
        """A raw record of what has just been read."""
        self.outcomes[stream].fetched += 1
        return RawRecord(stream, self.project, str(native_id), json_text.dumps(value), self._now())

    def skip(self, reason: str, *streams: str) -> None:
        """Mark streams (all when none is named) as not readable."""
        for stream in streams or self.outcomes:
            self.outcomes[stream].status = OutcomeStatus.SKIPPED
            self.outcomes[stream].reason = reason

    def finished(self) -> list[StreamOutcome]:
        """All outcomes, traffic included."""
        for stream, outcome in self.outcomes.items():
            self._traffic[stream].tell(outcome)
        return list(self.outcomes.values())
