"""Reads one project (or the site) of a tracker into the landing store. Needs no warehouse."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime

from itpm_pipeline.errors import ItpmError, WarehouseError
from itpm_pipeline.extract.records import SITE, OutcomeStatus, ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.redaction import Redactor
from itpm_pipeline.extract.source import Cursor, Depth, Read, Source
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.landing_batch import LandingBatch
from itpm_pipeline.ingest.manifest import DISCOVERY, WHOLE, LandedFile, Manifest
from itpm_pipeline.ingest.progress import Progress, Silent
from itpm_pipeline.ingest.state import TrackerState

NOTICED_AFTER = 100
"""Records between looks at what became of the site, and between the times others are told of records to come."""


class Interrupted(Exception):  # noqa: N818 - not an error of anything that was read
    """The run is being stopped; what was under way is given up."""


def _nothing(_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run over a tracker: what its readings share.

    ``sightings``: by project key and stream, native ids of all there is, where a reading told so.
    ``references``: done when the site's reference records are committed, or with why they could not be: the site is
    read beside the projects, but these are committed after it told how to understand their records.
    ``expect`` is told how many records are landed, as they are; ``announce`` receives each manifest as it is committed,
    in the order they will be applied.
    ``slots`` limits how many projects are read at once; ``stop`` ends all readings that are under way.
    """

    source: Source
    landing: Landing
    state: TrackerState
    run_id: str
    depth: Depth = Depth.CHANGES
    expect: Callable[[int], None] = _nothing
    announce: Callable[[Manifest], None] = _nothing
    progress: Progress = field(default_factory=Silent)
    redactor: Redactor = field(default_factory=Redactor)
    slots: AbstractContextManager[object] = field(default_factory=nullcontext)
    stop: threading.Event = field(default_factory=threading.Event)
    sightings: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    references: "Future[None] | None" = None

    def go_on(self) -> None:
        """Raise Interrupted when the run is being stopped, or the site cannot be read."""
        if self.stop.is_set():
            raise Interrupted
        if self.references is not None and self.references.done():
            self.follow_references()

    def follow_references(self) -> None:
        """Wait until the site's reference records are committed. Interrupted: they could not be read."""
        if self.references is not None:
            self.references.result()


def extract_site(run: Run, references: "Future[None] | None" = None) -> Manifest:
    """Land the records of the whole tracker; a failure of the tracker is told in the manifest, not raised.

    ``references``: what the readings of projects follow. WarehouseError: the landing store failed.
    """

    def begin(cursor: Cursor | None) -> Read:
        return run.source.read_site(cursor, reconcile=run.depth.reconciles)

    def tell(failure: BaseException | None = None) -> None:
        if references is None or references.done():
            return
        if failure is None:
            references.set_result(None)
        else:
            references.set_exception(failure)

    try:
        manifest = _extract(run, SITE, None, begin, tell)
    except BaseException as failure:
        tell(failure)
        raise
    tell(Interrupted() if manifest.failed else None)
    return manifest


def extract_project(run: Run, project: ProjectRef) -> Manifest:
    """Land the records of one project, as :func:`extract_site` does."""
    reconcile = run.depth.reconciles

    def begin(cursor: Cursor | None) -> Read:
        return run.source.read_project(project, cursor, reconcile=reconcile)

    return _extract(run, project.key, project.native_id, begin)


def discover(run: Run) -> list[ProjectRef] | Manifest:
    """The visible projects; or the manifest that tells why they could not be listed."""
    started_at = run.landing.now()
    try:
        return run.source.discover()
    except Exception as error:  # noqa: BLE001 - told in the manifest
        run.follow_references()
        return _commit_failure(run, _Reading(SITE, None, started_at), error, DISCOVERY)


@dataclass(frozen=True, slots=True)
class _Reading:
    project: str
    native_id: str | None
    started_at: datetime
    previous_read_at: datetime | None = None
    cursor: Cursor | None = None


def _extract(
    run: Run, project: str, native_id: str | None, begin: Callable[[Cursor | None], Read],
    references_are_told: Callable[[], None] = lambda: None,
) -> Manifest:
    last = run.state.last_read(project, native_id)
    reading = _Reading(
        project,
        native_id,
        run.landing.now(),
        last.started_at if last else None,
        last.cursor if last and run.depth is not Depth.FULL else None,
    )
    run.go_on()
    what = f"{run.source.tracker}:{project}"
    run.progress.started(None, what)
    run.landing.commit_order.follow(run.state.last_commit)
    batch = LandingBatch(run.landing, run.source.tracker, project, run.run_id, run.state.known)
    try:
        with nullcontext() if project == SITE else run.slots:
            read = begin(reading.cursor)
            told: list[StreamOutcome] = []
            if read.references is not None:
                _land(run, batch, read.references, what)
                if batch.landed:
                    told = list(read.outcomes)
                    batch.commit_part(lambda *landed: _manifest(run, reading, None, told, *landed), run.announce)
                references_are_told()
            _land(run, batch, read.records, what)
            batch.write()
        run.follow_references()
        left = read.outcomes[len(told) :]
        manifest = batch.commit(lambda *landed: _manifest(run, reading, read.cursor, left, *landed), run.announce)
    except BaseException as error:
        with suppress(WarehouseError):
            batch.discard()
        if isinstance(error, WarehouseError | Interrupted) or not isinstance(error, Exception):
            raise
        run.follow_references()
        return _commit_failure(run, reading, error)
    else:
        for outcome in read.outcomes:
            if outcome.is_complete and outcome.status is OutcomeStatus.OK:
                run.sightings[project, outcome.stream] = batch.seen(outcome.stream)
        return manifest
    finally:
        run.progress.finished(what)


def _land(run: Run, batch: LandingBatch, records: Iterable[RawRecord], what: str) -> None:
    landed = 0
    for position, record in enumerate(records):
        if run.stop.is_set() or position % NOTICED_AFTER == 0:
            run.go_on()
            run.expect(landed)
            landed = 0
        landed += batch.add(record)
        run.progress.advanced(what)
    run.expect(landed)


def _manifest(
    run: Run, reading: _Reading, cursor: Cursor | None, outcomes: Sequence[StreamOutcome],
    instant: datetime, landed: Mapping[str, int], files: tuple[LandedFile, ...],
) -> Manifest:
    told = {outcome.stream for outcome in outcomes}
    silent = [StreamOutcome(stream, reading.project) for stream in landed if stream not in told]
    return Manifest(
        tracker=run.source.tracker,
        kind=run.source.kind,
        project=reading.project,
        project_native_id=reading.native_id,
        run_id=run.run_id,
        started_at=reading.started_at,
        committed_at=instant,
        previous_read_at=reading.previous_read_at,
        cursor_before=reading.cursor,
        cursor_after=cursor,
        outcomes=(*outcomes, *silent),
        landed=dict(landed),
        files=files,
    )


def _commit_failure(run: Run, reading: _Reading, error: Exception, stream: str = WHOLE) -> Manifest:
    text = str(error) if isinstance(error, ItpmError) else f"unexpected {type(error).__name__}: {error}"
    outcome = StreamOutcome(stream, reading.project, OutcomeStatus.FAILED, run.redactor.quote(text))
    batch = LandingBatch(run.landing, run.source.tracker, reading.project, run.run_id, {})
    return batch.commit(lambda *landed: _manifest(run, reading, None, [outcome], *landed), run.announce)
