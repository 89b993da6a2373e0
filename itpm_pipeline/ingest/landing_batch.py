"""Lands one reading: batches of raw records first, the commit manifest last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from urllib.parse import quote

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.ingest.landing import SAFE_AGE, SCHEMA, Landing, RecordKey, folder_of, payload_hash
from itpm_pipeline.ingest.manifest import LandedFile, Manifest

BATCH_RECORDS = 5_000
BATCH_BYTES = 32 * 2**20
"""Payload bytes that one reading holds in memory at most before it writes them."""

MARK_AGAIN = SAFE_AGE / 24
"""A reading says that it is alive when it writes a file, but not more often than this."""

Describe = Callable[[datetime, Mapping[str, int], tuple[LandedFile, ...]], Manifest]
"""Makes the manifest of (instant of the commit, records landed per stream, files)."""


@dataclass(slots=True)
class _Pending:
    records: list[tuple[RawRecord, str]] = field(default_factory=list)
    bytes: int = 0


class LandingBatch:
    """The records of one reading; nothing of it is visible before :meth:`commit`. Not thread-safe.

    ``known`` are the payload hashes of the records' versions that were applied last: these are not landed again.
    """

    def __init__(
        self, landing: Landing, tracker: str, project: str, run_id: str, known: Mapping[RecordKey, str]
    ) -> None:
        self._landing = landing
        self._store = landing.store
        self._tracker = tracker
        self._project = project
        self._run_id = run_id
        self._known = known
        self._seen: dict[RecordKey, tuple[str, datetime]] = {}
        self._pending: dict[str, _Pending] = {}
        self._bytes = 0
        self._files: list[LandedFile] = []
        self._numbers = count()
        self._may_be_visible = False
        self._marker = f"{tracker}/_open/{run_id}-{quote(project, safe='')}.json"
        self.landed: dict[str, int] = {}
        self._mark()

    def add(self, record: RawRecord) -> bool:
        """Land a record unless this version is known already; says whether it was landed.

        Pages that were fetched at once may come in any order: a version older than one met before is passed over.
        """
        key, digest = (record.stream, record.native_id), payload_hash(record.payload)
        latest, seen_at = self._seen.get(key, (self._known.get(key), record.fetched_at))
        if record.fetched_at < seen_at:
            return False
        self._seen[key] = (digest, record.fetched_at)
        if latest == digest:
            return False
        pending = self._pending.setdefault(record.stream, _Pending())
        pending.records.append((record, digest))
        pending.bytes += len(record.payload)
        self._bytes += len(record.payload)
        self.landed[record.stream] = self.landed.get(record.stream, 0) + 1
        if len(pending.records) >= BATCH_RECORDS:
            self._write(record.stream)
        elif self._bytes >= BATCH_BYTES:
            self._write(max(self._pending, key=lambda stream: self._pending[stream].bytes))
        return True

    def seen(self, stream: str) -> set[str]:
        """Native ids of all records of a stream that were met, known versions included."""
        return {native_id for met, native_id in self._seen if met == stream}

    def write(self) -> None:
        """Write what is held in memory."""
        for stream in list(self._pending):
            self._write(stream)

    def commit(self, describe: Describe, announce: Callable[[Manifest], None]) -> Manifest:
        """Write what is left, then the manifest.

        ``announce`` is called while no other commit of this process can happen, so that commits are announced in
        the order in which they will be applied.
        """
        manifest = self._commit(describe, announce)
        self._store.remove(self._marker)
        return manifest

    def commit_part(self, describe: Describe, announce: Callable[[Manifest], None]) -> None:
        """Commit what was added so far, as :meth:`commit` does; more will come, with a manifest of its own."""
        self._commit(lambda *landed: replace(describe(*landed), is_part=True), announce)
        self._files.clear()
        self.landed = {}
        self._may_be_visible = False

    def _commit(self, describe: Describe, announce: Callable[[Manifest], None]) -> Manifest:
        self.write()
        self._check_alive()
        with self._landing.commit_order.next() as instant:
            manifest = describe(instant, self.landed, tuple(self._files))
            self._may_be_visible = True
            name = f"{instant:%H%M%S%f}-{self._run_id}-{quote(self._project, safe='')}.json"
            self._store.write(f"{self._tracker}/_commits/{instant:%Y-%m-%d}/{name}", manifest.to_json())
            announce(manifest)
        return manifest

    def discard(self) -> None:
        """Remove all that was written, unless the manifest may have come into being: then a later run cleans up."""
        if self._may_be_visible:
            return
        self._pending.clear()
        self._bytes = 0
        self.landed.clear()
        for file in self._files:
            self._store.remove(file.path)
        self._files.clear()
        self._store.remove(self._marker)

    def _write(self, stream: str) -> None:
        pending = self._pending.pop(stream)
        self._bytes -= pending.bytes
        rows = len(pending.records)
        columns = [
            pa.array([self._tracker] * rows, pa.string()),
            pa.array([record.stream for record, _ in pending.records], pa.string()),
            pa.array([self._project] * rows, pa.string()),
            pa.array([record.native_id for record, _ in pending.records], pa.string()),
            pa.array([record.fetched_at for record, _ in pending.records], SCHEMA.field("fetched_at").type),
            pa.array([self._run_id] * rows, pa.string()),
            pa.array([digest for _, digest in pending.records], pa.string()),
            pa.array([record.payload for record, _ in pending.records], pa.binary()),
        ]
        sink = pa.BufferOutputStream()
        pq.write_table(
            pa.Table.from_arrays(columns, schema=SCHEMA), sink, compression="zstd",
            use_dictionary=["tracker", "stream", "project", "run_id"],
        )
        path = f"{self._tracker}/{stream}/{folder_of(self._project)}/{self._run_id}-{next(self._numbers):05}.parquet"
        self._store.write(path, sink.getvalue())
        self._files.append(LandedFile(path, stream, rows))
        if self._landing.now() - self._marked_at >= MARK_AGAIN:
            self._mark()

    def _check_alive(self) -> None:
        try:
            self._store.read(self._marker)
        except WarehouseError as error:
            raise WarehouseError(
                f"reading {self._tracker}:{self._project} was idle for so long that another run took it for crashed "
                "and removed its files; run it again"
            ) from error

    def _mark(self) -> None:
        """Say that this reading is alive: its age counts from here."""
        self._marked_at = self._landing.now()
        reading = {"run_id": self._run_id, "project": self._project, "started_at": self._marked_at}
        self._store.write(self._marker, orjson.dumps(reading))
