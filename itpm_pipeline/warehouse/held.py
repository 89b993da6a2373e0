"""What all warehouses have in common: they are open while somebody holds them, and written by one thread at a time."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa

from itpm_pipeline.errors import LockedError
from itpm_pipeline.warehouse import ops


class HeldWarehouse(ABC):
    """Counts who holds it: the first opens, the last closes. ``place``: what messages call it."""

    def __init__(self, place: str, lock_wait_seconds: float) -> None:
        self.place = place
        self._wait = lock_wait_seconds
        self._guard = threading.Lock()
        self._writer = threading.Lock()
        self._holders = 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep it open and other processes out. LockedError: one is in, and does not end in time."""
        with self._guard:
            if self._holders == 0:
                self._open()
            self._holders += 1
        try:
            yield
        finally:
            with self._guard:
                self._holders -= 1
                if self._holders == 0:
                    self._close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold it, and keep other threads of this process from writing. LockedError: one does not end in time."""
        with self.hold():
            if not self._writer.acquire(timeout=max(self._wait, 0)):
                raise LockedError(f"another thread of this run has been writing {self.place} for {self._wait:g} s")
            try:
                yield
            finally:
                self._writer.release()

    @staticmethod
    def _note_version(conn: sa.Connection) -> int:
        """Note that what ``conn`` sees is handed to readers now; the number of that version."""
        last = conn.execute(sa.select(sa.func.coalesce(sa.func.max(ops.PUBLISHED_VERSION.c.version), 0))).scalar_one()
        conn.execute(sa.insert(ops.PUBLISHED_VERSION).values(version=last + 1, published_at=datetime.now(UTC)))
        return int(last) + 1

    @abstractmethod
    def _open(self) -> None:
        """Open it, and keep other processes out; leave nothing open when that fails."""

    @abstractmethod
    def _close(self) -> None:
        """Close it, and let other processes in."""
