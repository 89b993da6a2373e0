"""The warehouse as a PostgreSQL database: working schemas for the pipeline, published ones for readers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pyarrow as pa
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.warehouse import ddl, ops
from itpm_pipeline.warehouse.held import HeldWarehouse
from itpm_pipeline.warehouse.postgresql.lock import WriterLock
from itpm_pipeline.warehouse.postgresql.publish import publish, published_bytes
from itpm_pipeline.warehouse.postgresql.rows import to_arrow
from itpm_pipeline.warehouse.postgresql.server import (
    connect_for_reading,
    engine_to,
    errors_told,
    parse,
    place_of,
)
from itpm_pipeline.warehouse.postgresql.tables import WORKING, catalog, working_tables
from itpm_pipeline.warehouse.publish import Publication


class PostgresqlWarehouse(HeldWarehouse):
    """Statements on SQLAlchemy tables, and names resolved by ``schema_translate_map``, mean the working schemas."""

    def __init__(self, url: str, lock_wait_seconds: float) -> None:
        self._url = parse(url)
        super().__init__(place_of(self._url), lock_wait_seconds)
        self._engine: sa.Engine | None = None
        self._lock: WriterLock | None = None

    def prepare(self) -> None:
        """Create or update working schemas, tables, keys, indexes and comments."""
        with self.transaction() as conn:
            for statement in ddl.statements(
                conn.dialect, *catalog(conn), names=tuple(WORKING.values()), tables=working_tables()
            ):
                conn.exec_driver_sql(statement)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One writing transaction; other threads of this process wait for its end."""
        with self._writing():
            engine, lock = self._opened()
            with errors_told(f"writing {self.place}", self._url), engine.begin() as conn:
                lock.one_transaction(conn)
                yield conn.execution_options(schema_translate_map=WORKING)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view of the last committed state."""
        with self.hold():
            engine, _ = self._opened()
            # Not a read-only one: looking up many keys needs a temporary table. What it may write, it never commits.
            with errors_told(f"reading {self.place}", self._url), engine.connect() as conn:
                yield conn.execution_options(schema_translate_map=WORKING, isolation_level="REPEATABLE READ")

    def publish(self) -> Publication:
        """Bring the published schemas to the state of the working ones, all at once."""
        began = time.monotonic()
        with self.transaction() as conn:
            version = self._note_version(conn)
            publish(conn)
            size = published_bytes(conn)
        return Publication(self.place, version, size, time.monotonic() - began)

    def _open(self) -> None:
        engine = engine_to(self._url, self._wait)
        lock = WriterLock(engine, self.place)
        try:
            with errors_told(f"opening {self.place}", self._url):
                lock.acquire(self._wait)
        except BaseException:
            engine.dispose()
            raise
        self._engine, self._lock = engine, lock

    def _close(self) -> None:
        engine, lock = self._opened()
        self._engine = self._lock = None
        lock.release()
        engine.dispose()

    def _opened(self) -> tuple[sa.Engine, WriterLock]:
        assert self._engine is not None
        assert self._lock is not None
        return self._engine, self._lock


class PostgresqlPublished:
    """The published schemas as they are when it is opened, in a session that only reads."""

    def __init__(self, url: str) -> None:
        self._url = parse(url)
        self._place = place_of(self._url)
        with errors_told(f"opening {self._place}", self._url):
            self._connection = connect_for_reading(self._url)
            if not self._is_published():
                self._connection.close()
                raise WarehouseError(
                    f"nothing was published to {self._place} yet; run `itpm sync` and `itpm build` first"
                )

    def query(self, sql: str) -> pa.Table:
        """Result of one SQL query."""
        with errors_told(f"query of {self._place}", self._url):
            try:
                if self._connection.info.transaction_status == TransactionStatus.IDLE:
                    # After its first statement, a transaction cannot be made a writing one any more.
                    self._connection.execute("SELECT 1")
                with self._connection.cursor() as cursor:
                    # To be prepared, the text must be one statement only.
                    return to_arrow(cursor.execute(sql.encode(), prepare=True))
            except BaseException:
                self._start_over()
                raise

    def close(self) -> None:
        """Release the connection."""
        self._connection.close()

    def _start_over(self) -> None:
        """End the failed transaction; the session, too, if the server still waits to hand out the data of a COPY."""
        if self._connection.info.transaction_status == TransactionStatus.ACTIVE:
            self._connection.close()
            self._connection = connect_for_reading(self._url)
        else:
            self._connection.rollback()

    def _is_published(self) -> bool:
        found: Any = self._connection.execute(
            "SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = %s)",
            (ops.OPS, ops.PUBLISHED_VERSION.name),
        ).fetchone()
        return bool(found[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
