"""What a sync did: one outcome per project and stream."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from itpm_pipeline.extract.records import OutcomeStatus
from itpm_pipeline.ingest.planning import Applied

_COUNTS = ("fetched", "landed", "mapped", "rejected", "requests", "retries", "waited_seconds", "points", "bytes")


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """One stream of one project (or of the site); ``seconds`` is the length of the whole reading it was part of."""

    tracker: str
    project: str
    stream: str
    status: OutcomeStatus
    reason: str | None = None
    fetched: int = 0
    landed: int = 0
    mapped: int = 0
    rejected: int = 0
    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    points: int = 0
    bytes: int = 0
    seconds: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the reading says of itself: of a census, how much was known, visible and gone for which reason."""

    @property
    def where(self) -> str:
        """``tracker:project``, as partitions are called."""
        return f"{self.tracker}:{self.project}"


@dataclass(slots=True)
class SyncReport:
    """The outcomes of one run, ordered by tracker, project and stream."""

    run_id: str
    seconds: float = 0.0
    outcomes: list[SyncOutcome] = field(default_factory=list)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    """Rows inserted, updated and deleted per core table."""

    @property
    def failed(self) -> list[SyncOutcome]:
        """What failed; empty when all is well."""
        return [outcome for outcome in self.outcomes if outcome.status is OutcomeStatus.FAILED]

    @property
    def totals(self) -> dict[str, float]:
        """Sums over all outcomes."""
        return {name: sum(getattr(outcome, name) for outcome in self.outcomes) for name in _COUNTS}

    def add(self, applied: Iterable[Applied]) -> None:
        """Take in commits that were applied; of commits that other runs left behind only the rows are counted."""
        for one in applied:
            if one.manifest.run_id == self.run_id:
                self.outcomes += _outcomes(one)
            self._count_rows(one)
        self._sort()

    def add_loaded(self, applied: Iterable[Applied]) -> None:
        """Take in commits of any runs as what loading them did: whether reading went well is not told again."""
        sums: dict[tuple[str, str, str], list[int]] = {}
        for one in applied:
            self._count_rows(one)
            for stream in one.mapped.keys() | one.rejected.keys():
                found = sums.setdefault((one.manifest.tracker, one.manifest.project, stream), [0, 0])
                found[0] += one.mapped[stream]
                found[1] += one.rejected[stream]
        self.outcomes += [
            SyncOutcome(*key, OutcomeStatus.OK, mapped=mapped, rejected=rejected)
            for key, (mapped, rejected) in sums.items()
        ]
        self._sort()

    def fail(self, tracker: str, project: str, stream: str, reason: str) -> None:
        """Note a failure that left no commit."""
        self.outcomes.append(SyncOutcome(tracker, project, stream, OutcomeStatus.FAILED, reason))
        self._sort()

    def to_json(self) -> str:
        """The report as JSON, for ``itpm sync --json``."""
        content: dict[str, Any] = {
            "run_id": self.run_id,
            "seconds": round(self.seconds, 3),
            "failed": len(self.failed),
            "totals": self.totals,
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
            "rows": self.rows,
        }
        return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()

    def _count_rows(self, applied: Applied) -> None:
        for table, counts in applied.rows.items():
            sums = self.rows.setdefault(table, {"inserted": 0, "updated": 0, "deleted": 0})
            for name, count in asdict(counts).items():
                sums[name] += count

    def _sort(self) -> None:
        self.outcomes.sort(key=lambda outcome: (outcome.tracker, outcome.project, outcome.stream))


def _outcomes(applied: Applied) -> list[SyncOutcome]:
    manifest = applied.manifest
    seconds = (manifest.committed_at - manifest.started_at).total_seconds()
    return [
        SyncOutcome(
            manifest.tracker, manifest.project, outcome.stream, outcome.status, outcome.reason,
            fetched=outcome.fetched, landed=(manifest.landed or {}).get(outcome.stream, 0),
            mapped=applied.mapped[outcome.stream], rejected=applied.rejected[outcome.stream],
            requests=outcome.requests, retries=outcome.retries, waited_seconds=outcome.waited_seconds,
            points=outcome.points, bytes=outcome.bytes, seconds=seconds, details=outcome.details,
        )
        for outcome in manifest.outcomes
    ]
