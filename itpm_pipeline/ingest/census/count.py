"""The census of one project (or of the site): what it found, and how that is landed."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.errors import ItpmError, WarehouseError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import OutcomeStatus, RawRecord, StreamOutcome
from itpm_pipeline.ingest.absences import Absence, Value
from itpm_pipeline.ingest.census.known import KnownAbsence
from itpm_pipeline.ingest.extraction import Interrupted, Run
from itpm_pipeline.ingest.landing_batch import LandingBatch
from itpm_pipeline.ingest.manifest import ABSENCES, LandedFile, Manifest


@dataclass(slots=True)
class Count:
    """Filled step by step; a step that fails is the last one, and what was found before it still counts."""

    run: Run
    project: str
    native_id: str | None
    started_at: datetime
    traffic: Traffic = field(default_factory=Traffic)
    visible: set[str] = field(default_factory=set)
    """Native ids of the issues that are there."""
    details: dict[str, int] = field(default_factory=dict)
    failure: Exception | None = None
    absences: list[Absence] = field(default_factory=list)
    records: list[RawRecord] = field(default_factory=list)
    """Of issues that incremental reading did not bring: moved ones, ones that a search showed too late."""

    def do(self, step: Callable[[], None]) -> None:
        """Do a step unless one failed before. A failure is kept, for the manifest to tell."""
        if self.failure is not None:
            return
        try:
            self.run.go_on()
            step()
        except (WarehouseError, Interrupted):
            raise
        except Exception as error:  # noqa: BLE001 - told in the manifest
            self.failure = error

    def note(self, name: str, count: int = 1) -> None:
        """Add to a number of the report."""
        self.details[name] = self.details.get(name, 0) + count

    def miss(
        self,
        kind: EntityKind,
        entity_id: str,
        reason: AbsenceReason,
        known: KnownAbsence | None = None,
        *,
        detail: str | None = None,
        successor_id: str | None = None,
        values: Iterable[Value] = (),
    ) -> None:
        """Something is gone; ``known``: it was already, as far as a census before this one knows."""
        since = known.since if known is not None and known.is_absent and known.since else self.started_at
        self.absences.append(Absence(kind, entity_id, reason, since, detail, successor_id, tuple(values)))

    def find(self, kind: EntityKind, entity_id: str, values: Iterable[Value] = ()) -> None:
        """Something is there again."""
        self.absences.append(Absence(kind, entity_id, values=tuple(values)))

    def land(self) -> None:
        """Commit what was found. WarehouseError: the landing store failed."""
        run = self.run
        batch = LandingBatch(run.landing, run.source.tracker, self.project, run.run_id, run.state.known)
        try:
            fetched_at = run.landing.now()
            for record in (*(absence.record(self.project, fetched_at) for absence in self.absences), *self.records):
                batch.add(record)
            batch.commit(self._manifest, run.announce)
        except BaseException:
            with suppress(WarehouseError):
                batch.discard()
            raise

    def _manifest(self, instant: datetime, landed: Mapping[str, int], files: tuple[LandedFile, ...]) -> Manifest:
        last = self.run.state.last_read(self.project, self.native_id)
        return Manifest(
            tracker=self.run.source.tracker,
            kind=self.run.source.kind,
            project=self.project,
            project_native_id=self.native_id,
            run_id=self.run.run_id,
            started_at=self.started_at,
            committed_at=instant,
            previous_read_at=last.started_at if last else None,
            cursor_before=None,
            cursor_after=None,
            outcomes=(self._outcome(),),
            landed=dict(landed),
            files=files,
        )

    def _outcome(self) -> StreamOutcome:
        outcome = StreamOutcome(ABSENCES, self.project, fetched=len(self.absences), details=dict(self.details))
        self.traffic.tell(outcome)
        if self.failure is not None:
            text = str(self.failure)
            if not isinstance(self.failure, ItpmError):
                text = f"unexpected {type(self.failure).__name__}: {text}"
            outcome.status, outcome.reason = OutcomeStatus.FAILED, self.run.redactor.quote(text)
        return outcome
