"""What reading a project brought, in plain words and numbers for the UI."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import dagster as dg

from itpm_pipeline.config import Program
from itpm_pipeline.extract.records import SITE, OutcomeStatus
from itpm_pipeline.ingest.manifest import WHOLE
from itpm_pipeline.ingest.outcomes import SyncOutcome, SyncReport

PARTLY = "not fully read"


@dataclass(frozen=True)
class Found:
    """Projects one tracker lets us see, as ``tracker:key``; ``reason``: why it does not tell, None = it did."""

    kind: str
    tracker: str
    projects: Sequence[str] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Reading:
    """One project (or the site) of one tracker, read once; ``outcomes`` by stream, ``*`` for the reading as a whole."""

    kind: str
    tracker: str
    project: str
    outcomes: Mapping[str, SyncOutcome]

    @property
    def partition(self) -> str:
        """The project's name everywhere: ``tracker:key``; a tracker's own name for its site."""
        return self.tracker if self.project == SITE else f"{self.tracker}:{self.project}"

    @property
    def reason(self) -> str | None:
        """Why it, or a stream of it, could not be read; None = all was."""
        failed = [outcome for outcome in self.outcomes.values() if outcome.status is OutcomeStatus.FAILED]
        return "; ".join(
            f"{outcome.reason}" if outcome.stream == WHOLE else f"{outcome.stream}: {outcome.reason}"
            for outcome in failed
        ) or None

    def landed(self, stream: str) -> SyncOutcome | None:
        """The outcome of a stream that is up to date now; None if it is not."""
        outcome = self.outcomes.get(stream)
        return outcome if outcome is not None and outcome.status is not OutcomeStatus.FAILED else None

    def of_site(self) -> "Reading":
        """Without the remark that ``_site`` is no project, which a reading of the site alone draws."""
        streams = {stream: outcome for stream, outcome in self.outcomes.items() if stream != WHOLE}
        return replace(self, outcomes=streams) if streams else self


def readings_of(report: SyncReport, kinds: Mapping[str, str]) -> list[Reading]:
    """The outcomes of a sync by project; ``kinds``: tracker name → kind."""
    found: defaultdict[tuple[str, str], dict[str, SyncOutcome]] = defaultdict(dict)
    for outcome in report.outcomes:
        found[outcome.tracker, outcome.project][outcome.stream] = outcome
    return [Reading(kinds[tracker], tracker, project, outcomes) for (tracker, project), outcomes in found.items()]


def landing_metadata(outcomes: Iterable[SyncOutcome]) -> dict[str, Any]:
    """Metadata of one stream, summed over the given outcomes."""
    found = list(outcomes)
    skipped = [outcome.reason for outcome in found if outcome.reason]
    return {
        "dagster/partition_row_count": sum(outcome.fetched for outcome in found),
        "new or changed records": sum(outcome.landed for outcome in found),
        "records that could not be understood": sum(outcome.rejected for outcome in found),
        "requests": sum(outcome.requests for outcome in found),
        **({"not read because": "; ".join(skipped)} if skipped else {}),
    }


def overview(readings: Sequence[Reading]) -> dict[str, Any]:
    """One row per project: the table at the head of a sync, and its sums."""
    rows = [_row(reading) for reading in readings]
    schema = dg.TableSchema(
        [dg.TableColumn(name, "string" if isinstance(value, str) else "float") for name, value in rows[0].items()]
        if rows
        else []
    )
    return {
        "dagster/row_count": sum(int(row["records"]) for row in rows),
        "new or changed records": sum(int(row["changed"]) for row in rows),
        "projects read": sum(1 for reading in readings if not reading.reason and reading.project != SITE),
        "not or not fully read": sum(1 for reading in readings if reading.reason),
        "requests": sum(int(row["requests"]) for row in rows),
        "projects": dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema),
    }


def _row(reading: Reading) -> dict[str, str | float]:
    outcomes = reading.outcomes.values()
    return {
        "project": reading.partition,
        "result": reading.reason or "read",
        "records": sum(outcome.fetched for outcome in outcomes),
        "changed": sum(outcome.landed for outcome in outcomes),
        "requests": sum(outcome.requests for outcome in outcomes),
        "seconds": round(max((outcome.seconds for outcome in outcomes), default=0.0), 1),
        "of which waiting": round(sum(outcome.waited_seconds for outcome in outcomes), 1),
    }


def run_tags(readings: Sequence[Reading], programs: Iterable[Program]) -> dict[str, str]:
    """Tags to find a run by: every tracker and program of which it read a project, and whether all of that was read."""
    named = defaultdict[str, list[Reading]](list)
    for reading in readings:
        named[f"itpm.tracker/{reading.tracker}"].append(reading)
        for program in programs:
            if any(fnmatchcase(reading.partition, pattern) for pattern in program.projects):
                named[f"itpm.program/{program.key}"].append(reading)
    return {tag: PARTLY if any(one.reason for one in found) else "read" for tag, found in named.items()}


def reasons(failed: Iterable[Reading]) -> str:
    """A list in Markdown; reasons stand as code, because they may quote a tracker."""
    return "\n".join(f"- **{_plain(reading.partition)}**: `{_plain(reading.reason or '')}`" for reading in failed)


def _plain(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")
