"""Dagster's SQLite history without its waste: `deploy/storage.yaml` names it in an instance's settings.

A run of all assets writes about 5,000 small transactions. Dagster opens a connection for each, and closing the last one
of a file makes SQLite move its whole journal; each commit waits for the disk. That took longer than the work itself.
Here connections stay open, and the journal (WAL) is flushed when SQLite moves it, not with every commit: a crash of the
program loses nothing, a crash of the machine at most the last events of a run, never the order of the file.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorageWatchdog
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from watchdog.events import FileSystemEvent
from watchdog.observers import Observer

_RUNS_KEPT_OPEN = 8
"""Files of runs that stay open, beside the index of all runs."""


class _JournalWatch(SqliteEventLogStorageWatchdog):
    """Tells the UI of a run's new events. As the run goes on they stand in the journal beside its file."""

    def __init__(self, log: SqliteEventLogStorage, run_id: str, callback: Any, cursor: str | None) -> None:
        super().__init__(log, run_id, callback, cursor)
        self._patterns = [self._log_path, f"{self._log_path}-wal"]

    def on_modified(self, event: FileSystemEvent) -> None:
        """Either file was written."""
        del event
        self._process_log()


class OpenSqliteEventLog(SqliteEventLogStorage):
    """Dagster's event log with one connection per file, shared by the threads of the process, one at a time."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._open: OrderedDict[str, sa.Engine] = OrderedDict()
        self._turn = threading.Lock()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._turn:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def watch(self, run_id: str, cursor: str | None, callback: Any) -> None:
        """Call back with every event of a run from now on."""
        observer: Any = self._obs
        if observer is None:
            self._obs = observer = Observer()  # type: ignore[assignment]  # Dagster declares no type
            observer.start()
        watch = _JournalWatch(self, run_id, callback, cursor)
        self._watchers[run_id][callback] = (watch, observer.schedule(watch, self._base_dir, recursive=True))

    def wipe(self) -> None:
        """Delete all history."""
        self.dispose()
        super().wipe()

    def dispose(self) -> None:
        """Close all files."""
        with self._turn:
            while self._open:
                self._open.popitem()[1].dispose()
        super().dispose()

    def _engine(self, shard: str) -> sa.Engine:
        engine = self._open.pop(shard, None)
        if engine is not None and not Path(self.path_for_shard(shard)).exists():  # wiped by another process
            engine.dispose()
            self._initialized_dbs.discard(shard)
            engine = None
        if engine is None:
            engine = sa.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=sa.pool.StaticPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            sa.event.listen(engine, "connect", _flush_with_the_journal)
        self._open[shard] = engine
        while len(self._open) > _RUNS_KEPT_OPEN + 1:
            self._open.popitem(last=False)[1].dispose()
        return engine


def _flush_with_the_journal(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


class OpenSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage with :class:`OpenSqliteEventLog`; the same files in the same places."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = OpenSqliteEventLog(self._event_log_storage._base_dir)  # noqa: SLF001

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "OpenSqliteStorage":
        """As Dagster calls it, with the configuration in dagster.yaml."""
        return cls.from_local(inst_data=inst_data, **config_value)
