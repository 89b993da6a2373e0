"""Moments around everything that changes a file or the database, at one of which a run ends."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from itpm_pipeline.ingest.store import LocalStore
from itpm_pipeline.warehouse import duckdb_merge
from itpm_pipeline.warehouse.duckdb import DuckdbWarehouse


class Instants:
    """Counts moments; calls ``die`` at the ``deadly`` one, and at all later ones, should it return from that."""

    def __init__(self, deadly: int | None, die: Callable[[], None]) -> None:
        self._next = count()
        self._deadly = deadly
        self._die = die
        self._lock = threading.Lock()

    def passes(self) -> int:
        with self._lock:
            now = next(self._next)
            if self._deadly is not None and now >= self._deadly:
                self._die()
            return now

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Count inside of the block."""
        with ExitStack() as stack:
            for owner, name in (
                (LocalStore, "write"), (LocalStore, "remove"), (duckdb_merge, "put"), (duckdb_merge, "_apply"),
                (duckdb_merge, "append_changes"), (Path, "replace"),
            ):  # fmt: skip
                stack.enter_context(mock.patch.object(owner, name, self._around(getattr(owner, name))))
            real = DuckdbWarehouse.transaction

            @contextmanager
            def transaction(warehouse: DuckdbWarehouse) -> Any:
                with real(warehouse) as conn:
                    yield conn
                    self.passes()
                self.passes()

            stack.enter_context(mock.patch.object(DuckdbWarehouse, "transaction", transaction))
            yield

    def _around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            self.passes()
            result = real(*args, **options)
            self.passes()
            return result

        return wrapped
