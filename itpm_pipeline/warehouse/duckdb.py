"""The warehouse as a DuckDB file: a private working file, and a published copy beside it."""
# ruff: noqa: S608 - SQL is put together from names in the code only

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.errors import ConfigurationError, LockedError, WarehouseError
from itpm_pipeline.privacy import make_private
from itpm_pipeline.warehouse import ddl, ops
from itpm_pipeline.warehouse.held import HeldWarehouse
from itpm_pipeline.warehouse.lock import WriterLock
from itpm_pipeline.warehouse.publish import Publication, replace_file

_SCHEME = "duckdb:///"
_OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
"""Extensions we use are built in; nothing may be downloaded."""
_WORKING = {**_OFFLINE, "checkpoint_threshold": "256MB"}
"""By default (16 MB) nearly every commit of a full sync would rewrite what the one before it wrote. What a crash leaves
in the log is read again when the file is opened next, which takes seconds at most."""
_CONFLICT = "Could not set lock on file"
_RUN_ON_CONNECT = "SET TimeZone = 'UTC'; SET enable_progress_bar = false"
"""DuckDB takes a process without a main file (a worker started by multiprocessing) for a person at a prompt, and would
draw a progress bar into its standard output."""
_RUN_ON_CONNECT_TO_WORKING = f"{_RUN_ON_CONNECT}; SET disabled_compression_methods = 'fsst'"
"""To try FSST on all texts takes a third of the time of writing the file; without it the file is a third larger. Among
the options of a connection, DuckDB drops this one without a word."""


def published_path(url: str) -> Path:
    """File that readers open, from ``duckdb:///relative/path`` or ``duckdb:////absolute/path``."""
    path = Path(url.removeprefix(_SCHEME))
    if not url.startswith(_SCHEME) or not path.name or path.name == ":memory:":
        raise ConfigurationError(f"warehouse.url: {url!r} names no file; write duckdb:///data/warehouse.duckdb")
    if path.stem in ddl.SCHEMAS:
        # DuckDB names the catalog after the file and could then not tell core.issue from core.main.issue.
        raise ConfigurationError(f"warehouse.url: the file may not be called {path.name!r}: that is a schema's name")
    return path


def working_path(url: str) -> Path:
    """Private file of the pipeline, beside the published one."""
    path = published_path(url)
    return path.with_name(f"{path.stem}.working{path.suffix}")


class DuckdbWarehouse(HeldWarehouse):
    """The working file. The process that holds it keeps all others out, readers included, as DuckDB does."""

    def __init__(self, url: str, lock_wait_seconds: float) -> None:
        self.published = published_path(url)
        self.working = working_path(url)
        super().__init__(str(self.working), lock_wait_seconds)
        self._lock = WriterLock(self.working.with_name(self.working.name + ".lock"))
        self._engine: sa.Engine | None = None

    def prepare(self) -> None:
        """Create or update schemas, tables and comments."""
        with self.transaction() as conn:
            # All at once, as a new file takes some hundreds, most of them comments.
            _plain(conn).execute(";\n".join(ddl.statements(conn.dialect, *_catalog(conn))))

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One writing transaction; other threads of this process wait for its end."""
        with self._writing(), _as_warehouse_error(f"writing {self.working}"), self._opened().begin() as conn:
            yield conn

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view of the last committed state."""
        with self.hold(), _as_warehouse_error(f"reading {self.working}"), self._opened().connect() as conn:
            yield conn

    def publish(self) -> Publication:
        """Copy the working file over the published one."""
        began = time.monotonic()
        with self.hold():
            with self.transaction() as conn:
                version = self._note_version(conn)
            with self._writer:
                with _as_warehouse_error(f"writing {self.working}"), self._opened().connect() as conn:
                    _plain(conn).execute("CHECKPOINT")
                size = replace_file(self.working, self.published, _drop_private_tables)
        return Publication(str(self.published), version, size, time.monotonic() - began)

    def _open(self) -> None:
        try:
            make_private(self.working.parent)
        except OSError as error:
            raise WarehouseError(f"cannot create {self.working.parent}: {error.strerror or error}") from error
        self._lock.acquire(self._wait)
        try:
            self._engine = _open_engine(self.working)
        except BaseException:
            self._lock.release()
            raise

    def _close(self) -> None:
        self._opened().dispose()
        self._engine = None
        self._lock.release()

    def _opened(self) -> sa.Engine:
        assert self._engine is not None
        return self._engine


def _open_engine(path: Path) -> sa.Engine:
    is_new = not path.exists()
    engine = sa.create_engine(f"{_SCHEME}{path}", connect_args={"config": dict(_WORKING)})
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute(_RUN_ON_CONNECT_TO_WORKING))
    with _as_warehouse_error(f"opening {path}"), engine.connect():
        if is_new:
            path.chmod(0o600)
    return engine


def _drop_private_tables(copy: Path) -> None:
    with _as_warehouse_error(f"writing {copy}"), duckdb.connect(str(copy), config=dict(_OFFLINE)) as connection:
        for table in ops.private.sorted_tables:
            connection.execute(f'DROP TABLE IF EXISTS "{table.schema}"."{table.name}"')
        connection.execute("CHECKPOINT")


def _catalog(conn: sa.Connection) -> tuple[set[str], dict[tuple[str, str], dict[str, str | None]]]:
    """Schemas, and tables with their comments (reflection through SQLAlchemy fails on DuckDB)."""
    run = _plain(conn)
    here = "database_name = current_database()"
    schemas = {name for (name,) in run.execute(f"SELECT schema_name FROM duckdb_schemas() WHERE {here}").fetchall()}
    tables: dict[tuple[str, str], dict[str, str | None]] = defaultdict(dict)
    for schema, table, comment in run.execute(
        f"SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE {here}"
    ).fetchall():
        tables[schema, table][""] = comment
    for schema, table, column, comment in run.execute(
        f"SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() WHERE {here}"
    ).fetchall():
        if (schema, table) in tables:
            tables[schema, table][column] = comment
    return schemas, dict(tables)


def _plain(conn: sa.Connection) -> Any:
    """DuckDB's own connection, inside the same transaction."""
    return conn.connection.driver_connection


@contextmanager
def _as_warehouse_error(doing: str) -> Iterator[None]:
    try:
        yield
    except (sa.exc.DBAPIError, duckdb.Error) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        text = str(cause).partition("\n")[0]
        if _CONFLICT in str(cause):
            raise LockedError(f"{doing}: another program has the file open: {text}") from error
        raise WarehouseError(f"{doing}: {text}") from error


class DuckdbPublished:
    """The published file, opened read-only, cut off from other files and from the network."""

    def __init__(self, url: str) -> None:
        path = published_path(url)
        if not path.exists():
            raise WarehouseError(f"nothing was published to {path} yet; run `itpm sync` and `itpm build` first")
        with _as_warehouse_error(f"opening {path}"):
            self._connection = duckdb.connect(
                str(path), read_only=True, config={**_OFFLINE, "enable_external_access": "false"}
            )
            self._connection.execute(_RUN_ON_CONNECT)
            self._connection.execute("SET lock_configuration = true")
        self._path = path

    def query(self, sql: str) -> pa.Table:
        """Result of one SQL query."""
        with _as_warehouse_error(f"query of {self._path}"):
            result = self._connection.execute(sql)
            # No statement at all gives no result; one without rows (SET …) leaves no description.
            return result.to_arrow_table() if result is not None and result.description else pa.table({})

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
