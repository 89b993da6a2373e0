"""What reading a project brought, in plain words and numbers for the UI."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from itpm_pipeline.extract.records import StreamOutcome


@dataclass(frozen=True)
class Reading:
    """One project (or the site) of one tracker, read once. ``reason``: why it failed; None = it did not."""

    kind: str
    tracker: str
    project: str
    outcomes: Sequence[StreamOutcome] = field(default_factory=tuple)
    reason: str | None = None
    seconds: float = 0.0

    @property
    def partition(self) -> str:
        """The project's name everywhere: ``tracker:key``."""
        return f"{self.tracker}:{self.project}"


def landing_metadata(readings: Iterable[Reading], stream: str) -> dict[str, Any]:
    """Metadata of one stream, summed over readings."""
    outcomes = [outcome for reading in readings for outcome in reading.outcomes if outcome.stream == stream]
    skipped = [outcome.reason for outcome in outcomes if outcome.reason]
    return {
        "dagster/partition_row_count": sum(outcome.fetched for outcome in outcomes),
        "requests": sum(outcome.requests for outcome in outcomes),
        **({"not read because": "; ".join(skipped)} if skipped else {}),
    }


def overview(readings: Sequence[Reading]) -> Mapping[str, Any]:
    """One row per project: the table at the head of a sync."""
    columns = ["project", "result", "records", "requests", "seconds waited"]
    rows = [
        dg.TableRecord(
            {
                "project": reading.partition,
                "result": reading.reason or "read",
                "records": sum(outcome.fetched for outcome in reading.outcomes),
                "requests": sum(outcome.requests for outcome in reading.outcomes),
                "seconds waited": round(sum(outcome.waited_seconds for outcome in reading.outcomes), 1),
            }
        )
        for reading in readings
    ]
    schema = dg.TableSchema([dg.TableColumn(name, "string" if name in columns[:2] else "float") for name in columns])
    return {
        "dagster/row_count": sum(outcome.fetched for reading in readings for outcome in reading.outcomes),
        "projects read": sum(1 for reading in readings if not reading.reason),
        "projects failed": sum(1 for reading in readings if reading.reason),
        "requests": sum(outcome.requests for reading in readings for outcome in reading.outcomes),
        "projects": dg.MetadataValue.table(rows, schema),
    }


def reasons(failed: Iterable[Reading]) -> str:
    """A list in Markdown; the reasons are shown as code because they may hold text from a tracker."""
    return "\n".join(
        f"- **{_plain(reading.partition)}**: `{_plain(reading.reason or '')}`" for reading in failed
    )


def _plain(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")
