"""Loads committed readings of one tracker into the warehouse, in order, each whole in one transaction."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import shapes
from itpm_pipeline.errors import ItpmError, ProtocolError, WarehouseError
from itpm_pipeline.extract.source import MappingContext, Source
from itpm_pipeline.ingest.apply import carry_out, forget
from itpm_pipeline.ingest.landing import Landing, RecordKey
from itpm_pipeline.ingest.manifest import LandedFile, Manifest
from itpm_pipeline.ingest.mappers import Mapper
from itpm_pipeline.ingest.mapping import InThisProcess
from itpm_pipeline.ingest.planning import BATCH_RECORDS, Applied, Plan, batches, make_plan
from itpm_pipeline.ingest.progress import Progress, Silent
from itpm_pipeline.ingest.versions import VERSION_COLUMNS, Version, advance, versions_in
from itpm_pipeline.ingest.writing import AtOnce, TrackerWriter, Written, note_context
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.engine import Warehouse
from itpm_pipeline.warehouse.load import find, many_merges

_LISTING_OVERLAP = timedelta(days=7)
"""Commits older than the last applied one by more than this are applied for sure, so they are not listed."""

PLANNED_RECORDS = 3 * BATCH_RECORDS
"""Records that may be planned and not yet written: a batch is merged, one is full, and one is being mapped."""

Position = tuple[datetime, str, str]


class TrackerLoader:
    """Applies commits of one tracker; used by one thread."""

    def __init__(
        self,
        warehouse: Warehouse,
        landing: Landing,
        source: Source,
        progress: Progress | None = None,
        *,
        mapper: Mapper | None = None,
        writer: Executor | None = None,
    ) -> None:
        """``mapper`` None: records are mapped in this process. ``writer``: the one thread that writes; None: ours."""
        self._warehouse = warehouse
        self._landing = landing
        self._source = source
        self._mapper = mapper or InThisProcess(source.mapper(), landing, shapes())
        self._progress = progress or Silent()
        self._references = frozenset(stream.name for stream in source.streams if stream.is_reference)
        self._context: MappingContext | None = None
        self._writer = TrackerWriter(warehouse, source.tracker, writer or AtOnce(), self._progress)
        self._underway: dict[RecordKey, Version] = {}

    @property
    def tracker(self) -> str:
        """Name of the tracker."""
        return self._source.tracker

    def expect(self, records: int) -> None:
        """Told of records that are being landed, before their commit is given to be loaded. Thread-safe."""
        self._mapper.expect(records)

    def load_pending(self) -> list[Applied]:
        """Apply all commits that no run has applied yet."""
        with self._warehouse.hold():
            with self._warehouse.reading() as conn:
                applied = self._applied(conn, only_last=True)
            since = (applied[0][0] - _LISTING_OVERLAP).date() if applied else None
            return self.load(self._landing.manifests(self._source.tracker, since))

    def load(self, manifests: Iterable[Manifest]) -> list[Applied]:
        """Apply the given commits; see :meth:`begin`."""
        with self._warehouse.hold():
            results = self.begin(manifests)
            self.finish()
            return [applied for written in results for applied in written.result()]

    def begin(self, manifests: Iterable[Manifest]) -> list[Written]:
        """Plan to apply the given commits, those left out that are applied already, and leave them to the writer.

        Where a commit changes what the mapping context means, or comes to light after a later one was applied, all
        commits of the tracker are applied anew, in one transaction.
        ProtocolError: the tracker's reference records make no context. WarehouseError: reading or writing failed, now
        or with commits begun before. The warehouse has to be held until the last of the results is there.
        """
        manifests = list(manifests)
        is_context_known = self._context is not None and not any(map(self._reference_files, manifests))
        self._writer.finish(self._underway, but=None if is_context_known else -1)
        begun = {manifest.position for manifest in self._writer.unfinished()}
        with self._warehouse.reading() as conn:
            pending = self._pending(conn, (manifest for manifest in manifests if manifest.position not in begun))
            if not pending:
                return []
            context = self._context_with(conn, pending)
            used = conn.execute(
                sa.select(ops.MAPPING_CONTEXT.c.fingerprint).where(ops.MAPPING_CONTEXT.c.tracker == self.tracker)
            ).scalar()
            last = max([*self._applied(conn, only_last=True), *begun], default=None)
        if (last and pending[0].position < last) or (used is not None and used != context.fingerprint):
            self.finish()
            written = Written()
            written.set_result(self._load_anew(pending, context))
            return [written]
        results = []
        for together in batches(pending):
            room = PLANNED_RECORDS - sum(manifest.records for manifest in together)
            self._writer.finish(self._underway, but=room)
            with self._warehouse.reading() as conn:
                plan = make_plan(conn, self._landing, self.tracker, self._mapper, context, together, self._underway)
            results.append(self._writer.write(context, together, plan))
        return results

    def flush(self) -> None:
        """Have all that was begun written, however little it is: no more will come soon."""
        self._writer.flush()

    def finish(self) -> None:
        """Wait until all that was begun is written. WarehouseError: it could not be."""
        self._writer.finish(self._underway)

    def rebuild(self) -> list[Applied]:
        """Recreate all rows of the tracker from the landing store."""
        with self._warehouse.hold():
            manifests = self._landing.manifests(self._source.tracker)
            context = self._build_context({}, manifests)
            return self._replay(manifests, context)

    def _load_anew(self, pending: Sequence[Manifest], context: MappingContext) -> list[Applied]:
        with self._warehouse.reading() as conn:
            applied = set(self._applied(conn))
        landed = self._landing.manifests(self._source.tracker)
        missing = applied - {manifest.position for manifest in landed}
        if missing:
            raise WarehouseError(
                f"{self._source.tracker}: its settings or fields changed, so all records must be mapped anew, but "
                f"{len(missing)} commits are missing in the landing store. Restore them, or run `itpm rebuild` to go "
                "on without."
            )
        wanted = applied | {manifest.position for manifest in pending}
        results = self._replay([manifest for manifest in landed if manifest.position in wanted], context)
        fresh = {manifest.position for manifest in pending}
        return [result for result in results if result.manifest.position in fresh]

    def _replay(self, manifests: Sequence[Manifest], context: MappingContext) -> list[Applied]:
        what = f"mapping {self._source.tracker} anew"
        self._progress.started(len(manifests), what)
        results: list[Applied] = []
        underway: dict[RecordKey, Version] = {}
        planned: list[Plan] = []
        with self._warehouse.transaction() as conn, many_merges(conn):
            forget(conn, self._source.tracker)
            note_context(conn, self.tracker, context)
            for together in [*batches(manifests), []]:
                # One batch ahead, so that its records are mapped while those of the batch before are merged.
                planned.append(
                    make_plan(conn, self._landing, self.tracker, self._mapper, context, together, underway)
                )
                for plan in planned[:-1]:
                    results += carry_out(conn, self.tracker, [plan])
                    plan.forget(underway)
                del planned[:-1]
                self._progress.advanced(what, len(together))
        self._progress.finished(what)
        return results

    def _pending(self, conn: sa.Connection, manifests: Iterable[Manifest]) -> list[Manifest]:
        found = {manifest.position: manifest for manifest in manifests}
        keys = pa.table(
            {
                "tracker": pa.array([self._source.tracker] * len(found), pa.string()),
                "committed_at": pa.array([at for at, _, _ in found], pa.timestamp("us", tz="UTC")),
                "run_id": pa.array([run for _, run, _ in found], pa.string()),
                "project": pa.array([project for _, _, project in found], pa.string()),
            }
        )
        for row in find(conn, ops.LANDING_COMMIT, keys).to_pylist():
            del found[row["committed_at"], row["run_id"], row["project"]]
        return sorted(found.values(), key=lambda manifest: manifest.position)

    def _applied(self, conn: sa.Connection, *, only_last: bool = False) -> list[Position]:
        """Positions of applied commits, last one first."""
        commits = ops.LANDING_COMMIT.c
        query = (
            sa.select(commits.committed_at, commits.run_id, commits.project)
            .where(commits.tracker == self._source.tracker)
            .order_by(commits.committed_at.desc(), commits.run_id.desc(), commits.project.desc())
        )
        rows = conn.execute(query.limit(1) if only_last else query)
        return [(row.committed_at, row.run_id, row.project) for row in rows]

    # --- Context -----------------------------------------------------------------------------------------------

    def _context_with(self, conn: sa.Connection, pending: Sequence[Manifest]) -> MappingContext:
        """Context of all that is applied and of what is about to be."""
        if self._context is None or any(self._reference_files(manifest) for manifest in pending):
            records = ops.SOURCE_RECORD
            stored = conn.execute(
                sa.select(*(records.c[name] for name in VERSION_COLUMNS)).where(
                    records.c.tracker == self._source.tracker, records.c.stream.in_(self._references)
                )
            )
            newest = {version.key: version for version in (Version(*row) for row in stored)}
            self._context = self._build_context(newest, pending)
        return self._context

    def _build_context(
        self, newest: dict[RecordKey, Version], manifests: Sequence[Manifest]
    ) -> MappingContext:
        for manifest in manifests:
            files = self._reference_files(manifest)
            if files:
                index = self._landing.index(replace(manifest, files=files))
                advance(newest, versions_in(index))
        places = [(newest[key].file, newest[key].file_row) for key in sorted(newest)]
        try:
            return self._source.mapping_context(self._landing.records(places))
        except ItpmError:
            raise
        except Exception as error:
            raise ProtocolError(
                f"{self._source.tracker}: its fields, boards and other reference records cannot be read: "
                f"{type(error).__name__}: {error}"
            ) from error

    def _reference_files(self, manifest: Manifest) -> tuple[LandedFile, ...]:
        return tuple(file for file in manifest.files if file.stream in self._references)
