"""The warehouse behind a URL: a private database the pipeline works in, a published one for readers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import Any, Protocol, Self

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.errors import ConfigurationError
from itpm_pipeline.warehouse.duckdb import DuckdbPublished, DuckdbWarehouse
from itpm_pipeline.warehouse.publish import Publication

LOCK_WAIT_SECONDS = 60.0
"""How long a run waits for another one that writes the same warehouse."""


class Warehouse(Protocol):
    """The pipeline's own, private database. Thread-safe; at most one process holds it at a time."""

    def prepare(self) -> None:
        """Create schemas core, int, mart, ops and their tables, add newly declared columns, set comments."""

    def hold(self) -> AbstractContextManager[None]:
        """Keep other processes out for the length of several transactions. LockedError when one is in."""

    def transaction(self) -> AbstractContextManager[sa.Connection]:
        """A connection whose changes are kept together, or not at all when the block raises."""

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """A connection for reading; sees the last committed state."""

    def publish(self) -> Publication:
        """Hand the state as it is to readers, all at once; they never see half of it."""


class Published(Protocol):
    """The published database, read-only."""

    def query(self, sql: str) -> pa.Table:
        """Result of one SQL query. WarehouseError when it fails or would write."""

    def close(self) -> None:
        """Release the connection."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def _postgresql(name: str, *arguments: object) -> Any:
    """An object of the package that needs psycopg, which only those have who want it."""
    try:
        return getattr(import_module("itpm_pipeline.warehouse.postgresql.warehouse"), name)(*arguments)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "psycopg":
            raise
        raise ConfigurationError(
            "warehouse.url: PostgreSQL needs a driver; install it with: pip install 'itpm-pipeline[postgres]'"
        ) from None


_WAREHOUSES: dict[str, tuple[Callable[[str, float], Warehouse], Callable[[str], Published]]] = {
    "duckdb": (DuckdbWarehouse, DuckdbPublished),
    "postgresql": (partial(_postgresql, "PostgresqlWarehouse"), partial(_postgresql, "PostgresqlPublished")),
}


def open_warehouse(url: str, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS) -> Warehouse:
    """The warehouse at ``url``. Opens no connection yet.

    ``duckdb:///data/warehouse.duckdb``: the published file. ``postgresql+psycopg://user@host/database``.

    ConfigurationError: no such kind of database.
    """
    return _WAREHOUSES[_kind(url)][0](url, lock_wait_seconds)


def open_published(url: str) -> Published:
    """A read-only connection to what was published last. WarehouseError when nothing was published yet."""
    return _WAREHOUSES[_kind(url)][1](url)


def _kind(url: str) -> str:
    kind = url.partition(":")[0].partition("+")[0]
    if "://" not in url or kind not in _WAREHOUSES:
        known = ", ".join(f"{name}://" for name in _WAREHOUSES)
        named = f" {kind!r}" if "://" in url and kind.isidentifier() else ""
        raise ConfigurationError(f"warehouse.url: unknown kind of database{named}; known are: {known}")
    return kind
