"""The landing store: raw records as append-only Parquet files, visible once their commit manifest is written.

- ``<root>/<tracker>/<stream>/project=<key>/<run>-<n>.parquet``: records as they came
- ``<root>/<tracker>/_commits/<day>/<time>-<run>-<key>.json``: manifests; files of no manifest do not exist
- ``<root>/<tracker>/_open/<run>-<key>.json``: readings under way, to find what crashed ones left
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from urllib.parse import quote

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.ingest.manifest import Manifest
from itpm_pipeline.ingest.store import Store, open_store

_DAY = timedelta(days=1)
SAFE_AGE = timedelta(hours=24)
"""A reading that wrote nothing for so long has crashed."""

SCHEMA = pa.schema(
    [
        ("tracker", pa.string()),
        ("stream", pa.string()),
        ("project", pa.string()),
        ("native_id", pa.string()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
        ("run_id", pa.string()),
        ("payload_hash", pa.string()),
        ("payload", pa.binary()),
    ]
)
INDEX = ("stream", "native_id", "fetched_at", "payload_hash")

INDEX_SCHEMA = pa.schema([*(SCHEMA.field(name) for name in INDEX), ("file", pa.string()), ("file_row", pa.int64())])

RecordKey = tuple[str, str]
"""Stream and native id: the identity of a record within its tracker."""


def utc_now() -> datetime:
    """Our clock."""
    return datetime.now(UTC)


def instants(column: pa.ChunkedArray) -> list[datetime]:
    """Values of a column of instants, none of them null; a dozen times faster than Arrow's own way."""
    return [at.replace(tzinfo=UTC) for at in column.to_numpy().astype("datetime64[us]").tolist()]


_HASHED_AT_ONCE = 2_047
"""Bytes. For more, Python lets another thread go on meanwhile: done for each of thousands of records a second, this
takes longer than the hash."""


def payload_hash(payload: bytes) -> str:
    """Hash by which two versions of a record are told apart."""
    digest = blake2b(payload[:_HASHED_AT_ONCE], digest_size=16)
    for start in range(_HASHED_AT_ONCE, len(payload), _HASHED_AT_ONCE):
        digest.update(payload[start : start + _HASHED_AT_ONCE])
    return digest.hexdigest()


class CommitOrder:
    """Gives each commit of this process an instant later than those before. Thread-safe."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)

    def follow(self, applied: datetime | None) -> None:
        """Order all further commits behind one that was applied, even if our clock was set back since."""
        if applied is not None:
            with self._lock:
                self._last = max(self._last, applied)

    @contextmanager
    def next(self) -> Iterator[datetime]:
        """The instant of a commit that is written and announced inside the block, one at a time."""
        with self._lock:
            self._last = max(self._now().astimezone(UTC), self._last + timedelta(microseconds=1))
            yield self._last


class Landing:
    """All landed records of all trackers. Thread-safe; any number of processes may read and add."""

    def __init__(self, url: str, *, now: Callable[[], datetime] = utc_now) -> None:
        self.store: Store = open_store(url)
        self.now = now
        self.commit_order = CommitOrder(now)

    # --- Reading -----------------------------------------------------------------------------------------------

    def trackers(self) -> list[str]:
        """Names of all trackers that ever landed something."""
        return self.store.folders("")

    def manifests(self, tracker: str, since: date | None = None) -> list[Manifest]:
        """Committed manifests of a tracker in the order they are applied; ``since``: of that day and later."""
        found = []
        for day in self.store.folders(f"{tracker}/_commits"):
            if since is None or day >= since.isoformat():
                found += [
                    Manifest.from_json(self.store.read(file.path).to_pybytes(), file.path)
                    for file in self.store.files(f"{tracker}/_commits/{day}")
                ]
        return sorted(found, key=lambda manifest: manifest.position)

    def index(self, manifest: Manifest) -> pa.Table:
        """Columns of :data:`INDEX` plus ``file`` and ``file_row`` of all records of a manifest, ordered by time."""
        parts = [
            self._read(file.path, INDEX)
            .append_column("file", pa.array([file.path] * file.rows, pa.string()))
            .append_column("file_row", pa.array(range(file.rows), pa.int64()))
            for file in manifest.files
        ]
        return pa.concat_tables([INDEX_SCHEMA.empty_table(), *parts]).sort_by(
            [(name, "ascending") for name in ("fetched_at", "stream", "native_id", "payload_hash", "file", "file_row")]
        )

    def records(self, places: Sequence[tuple[str, int]]) -> Iterator[RawRecord]:
        """The records at (file, position), in that order."""
        wanted: defaultdict[str, list[int]] = defaultdict(list)
        for file, row in places:
            wanted[file].append(row)
        found = {file: self._records(file, rows) for file, rows in wanted.items()}
        for file, _ in places:
            yield next(found[file])

    def _records(self, file: str, rows: Sequence[int]) -> Iterator[RawRecord]:
        names = ("stream", "project", "native_id", "payload")
        columns = self._read(file, (*names, "fetched_at")).take(pa.array(rows, pa.int64()))
        return map(RawRecord, *(columns[name].to_pylist() for name in names), instants(columns["fetched_at"]))

    def _read(self, path: str, columns: Sequence[str]) -> pa.Table:
        try:
            # Not read_table: it looks for a whole dataset first, which takes longer than reading such a small file.
            file = pq.ParquetFile(pa.BufferReader(self.store.read(path)))
            return file.read(columns=list(columns), use_threads=False).combine_chunks()
        except pa.ArrowException as error:
            raise WarehouseError(f"the landed file {path} is damaged: {error}") from error

    # --- Keeping order -----------------------------------------------------------------------------------------

    def remove_crashed(self, tracker: str) -> int:
        """Delete what readings left that died before their commit and longer ago than the safe age."""
        removed = 0
        for opened in self.store.files(f"{tracker}/_open"):
            if self.now() - opened.changed_at < SAFE_AGE:
                continue
            reading = orjson.loads(self.store.read(opened.path).to_pybytes())
            committed = {
                file.path
                for manifest in self.manifests(tracker, datetime.fromisoformat(reading["started_at"]).date() - _DAY)
                if manifest.run_id == reading["run_id"] and manifest.project == reading["project"]
                for file in manifest.files
            }
            for stream in self.store.folders(tracker):
                for file in self.store.files(f"{tracker}/{stream}/{folder_of(reading['project'])}"):
                    name = file.path.rpartition("/")[2]
                    if name.startswith(f"{reading['run_id']}-") and file.path not in committed:
                        self.store.remove(file.path)
                        removed += 1
            self.store.remove(opened.path)
        return removed


def folder_of(project: str) -> str:
    """Name of a project's folder within a stream."""
    return f"project={quote(project, safe='')}"
