"""Dagster's SQLite history without its waste: `deploy/storage.yaml` names it in an instance's settings.

A run of all assets writes about 10,000 small transactions. Dagster opens a connection for each, and closing the last
one of a file makes SQLite move its whole journal; each commit waits for the disk; and before most of them it looks
whether its tables are there. That took longer than the work itself. Here connections stay open, what was there once is
not looked for again, all that one event (or a batch of them) writes is one transaction a file, and the journal (WAL) is
flushed when SQLite moves it, not with every commit: a crash of the program loses nothing, a crash of the machine at
most the last events of a run, never the order of the file.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster import EventLogRecord
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorageWatchdog
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from watchdog.events import FileSystemEvent
from watchdog.observers import Observer

_RUNS_KEPT_OPEN = 8
"""Files of runs that stay open, beside the index of all runs."""
_RECORDS_KEPT = 500
"""Materialisations that need not be read again as long as they are the latest."""
_TOGETHER = 200
"""Events that Dagster hands over together where it plans many, which is before the first step of a run."""
_MIRRORED = ASSET_EVENTS | ASSET_CHECK_EVENTS | set(EVENT_TYPE_TO_PIPELINE_RUN_STATUS)
"""Events that Dagster also writes into the index of all runs; the rest stands in the file of its run alone. They are
written by the statements below, made once: SQLAlchemy takes longer to put a statement together than SQLite to execute
it."""
_INSERT = SqlEventLogStorageTable.insert()
_CHECKS = AssetCheckExecutionsTable
_PLANNED = _CHECKS.insert()
_EVALUATED = _CHECKS.update().where(
    _CHECKS.c.asset_key == sa.bindparam("of_asset"), _CHECKS.c.check_name == sa.bindparam("of_check"),
    _CHECKS.c.run_id == sa.bindparam("of_run"), _CHECKS.c.partition.is_(None),
)  # fmt: skip


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
        self._turn = threading.RLock()
        # What the thread whose turn it is writes together: transactions by file, and the stack that will end them.
        self._under_way: dict[str, sa.Connection] = {}
        self._block: ExitStack | None = None
        self._there: set[tuple[str, ...]] = set()
        self._serialised: tuple[dg.EventLogEntry, dict[str, Any]] | None = None
        self._read: OrderedDict[str, EventLogRecord] = OrderedDict()
        super().__init__(base_dir, inst_data)

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event: one transaction in the file of its run, and one in the index if it is mirrored there."""
        kind, row = event.dagster_event_type, self._event_to_row(event)
        with self._together():
            with self._connect(event.run_id) as connection:
                connection.execute(_INSERT, row)
            if kind not in _MIRRORED:
                return
            with self.index_connection() as connection:
                number: Any = connection.execute(_INSERT, row).lastrowid
                if kind in ASSET_EVENTS:
                    self._store_asset_event_tags(connection, [event], [number])
                    self._store_asset_event(connection, event, number)
            if kind in ASSET_CHECK_EVENTS:
                self.store_asset_check_event(event, number)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store events that Dagster hands over together, as many as DAGSTER_EVENT_BATCH_SIZE says: all or none."""
        with self._together():
            super().store_event_batch(events)

    def _event_to_row(self, event: dg.EventLogEntry) -> dict[str, Any]:
        """Serialised once, although the event of a check is written three times."""
        last = self._serialised
        if last is None or last[0] is not event:
            self._serialised = last = event, super()._event_to_row(event)
        return last[1]

    def _store_asset_check_evaluation_planned(self, event: dg.EventLogEntry, event_id: int | None) -> None:
        planned: Any = event.get_dagster_event().event_specific_data
        if planned.partitions_subset:
            super()._store_asset_check_evaluation_planned(event, event_id)
            return
        with self.index_connection() as connection:
            connection.execute(_PLANNED, {
                "asset_key": planned.asset_key.to_string(), "check_name": planned.check_name, "run_id": event.run_id,
                **self._execution(event, event_id, AssetCheckExecutionRecordStatus.PLANNED),
            })  # fmt: skip

    def _update_asset_check_evaluation(self, event: dg.EventLogEntry, event_id: int | None) -> None:
        found: Any = event.get_dagster_event().event_specific_data
        status = AssetCheckExecutionRecordStatus.SUCCEEDED if found.passed else AssetCheckExecutionRecordStatus.FAILED
        target = found.target_materialization_data
        with self.index_connection() as connection:
            updated = found.partition is None and connection.execute(_EVALUATED, {
                "of_asset": found.asset_key.to_string(), "of_check": found.check_name, "of_run": event.run_id,
                **self._execution(event, event_id, status),
                "materialization_event_storage_id": target.storage_id if target else None,
            }).rowcount  # fmt: skip
        if updated != 1:  # of a partition, not planned, or planned twice, which is an error
            super()._update_asset_check_evaluation(event, event_id)

    def _execution(
        self, event: dg.EventLogEntry, event_id: int | None, status: AssetCheckExecutionRecordStatus
    ) -> dict[str, Any]:
        row = self._event_to_row(event)
        return {
            "execution_status": status.value, "evaluation_event": row["event"],
            "evaluation_event_timestamp": row["timestamp"], "evaluation_event_storage_id": event_id,
        }  # fmt: skip

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table. Tables come with upgrades of Dagster, and never go."""
        return self._is_there(("table", table_name), lambda: super(OpenSqliteEventLog, self).has_table(table_name))

    def has_secondary_index(self, name: str) -> bool:
        """Whether a table was brought to what this release reads. Once it was, it stays."""
        return self._is_there(("index", name), lambda: super(OpenSqliteEventLog, self).has_secondary_index(name))

    def _has_asset_key_col_on_connection(self, conn: sa.Connection, column_name: str) -> bool:
        looked = super()._has_asset_key_col_on_connection
        return self._is_there(("column", column_name), lambda: looked(conn, column_name))

    def _get_asset_entry_values(
        self, event: dg.EventLogEntry, event_id: int, has_asset_key_index_cols: bool
    ) -> dict[str, Any]:
        """As Dagster makes them. The materialisation among them is what is read for the checks of its step."""
        values = super()._get_asset_entry_values(event, event_id, has_asset_key_index_cols)
        if text := values.get("last_materialization"):
            self._remember({text: EventLogRecord(event_id, event)})
        return values

    def _get_latest_materialization_records(self, raw_asset_rows: Any) -> dict[dg.AssetKey, EventLogRecord | None]:
        """As Dagster reads them. It does so before each step for all its inputs, and most were read before."""
        texts: dict[dg.AssetKey | None, str] = {
            dg.AssetKey.from_db_string(row["asset_key"]): row["last_materialization"]
            for row in raw_asset_rows
            if row["last_materialization"] and not row["asset_details"]  # they tell that its history was wiped
        }
        known = {asset: self._read[text] for asset, text in texts.items() if text in self._read}
        unread = [row for row in raw_asset_rows if dg.AssetKey.from_db_string(row["asset_key"]) not in known]
        found = dict(super()._get_latest_materialization_records(unread)) if unread else {}
        self._remember({texts[asset]: record for asset, record in found.items() if asset in texts and record})
        return {asset: record for asset, record in (*known.items(), *found.items()) if asset is not None}

    def _remember(self, records: dict[str, EventLogRecord]) -> None:
        with self._turn:
            self._read.update(records)
            while len(self._read) > _RECORDS_KEPT:
                self._read.popitem(last=False)

    def _is_there(self, thing: tuple[str, ...], look: Callable[[], bool]) -> bool:
        if thing in self._there:
            return True
        if is_there := look():
            self._there.add(thing)
        return is_there

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Until the block ends, all that this thread does with a file is one transaction."""
        with self._turn:
            if self._block is not None:
                yield
                return
            with ExitStack() as block:
                self._block = block
                try:
                    yield
                finally:
                    self._block = None
                    self._under_way.clear()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._turn:
            if self._block is None:
                with self._transaction(shard) as connection:
                    yield connection
                return
            if shard not in self._under_way:
                self._under_way[shard] = self._block.enter_context(self._transaction(shard))
            yield self._under_way[shard]

    @contextmanager
    def _transaction(self, shard: str) -> Iterator[sa.Connection]:
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
        if engine is not None and not os.path.exists(self.path_for_shard(shard)):  # noqa: PTH110  # wiped by another process; asked with every event
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
        # Dagster looks for this nowhere but in the environment.
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(_TOGETHER))
        return cls.from_local(inst_data=inst_data, **config_value)
