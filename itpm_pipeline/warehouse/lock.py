"""One writing process per warehouse file."""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from itpm_pipeline.errors import LockedError, WarehouseError


class WriterLock:
    """An advisory lock beside the warehouse file; the operating system frees it when its holder dies.

    The holder's process id stands in the lock file, for the message to those who wait in vain. Threads of one
    process share the lock: they are kept apart by the warehouse itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path, thread_local=False, mode=0o600)

    def acquire(self, wait_seconds: float) -> None:
        """Take the lock, waiting that long for another process; LockedError when it is still held then."""
        try:
            self._lock.acquire(timeout=wait_seconds, poll_interval=0.05)
        except Timeout:
            raise LockedError(
                f"another run (process {self.holder()}) is writing the warehouse; waited {wait_seconds:g} s for "
                f"{self.path}. Try again when it has ended."
            ) from None
        except OSError as error:
            raise WarehouseError(f"cannot lock the warehouse: {self.path}: {error.strerror or error}") from error
        self.path.write_text(str(os.getpid()), encoding="ascii")

    def release(self) -> None:
        """Let the next one in."""
        self._lock.release()

    def holder(self) -> str:
        """Process id of the holder as far as it is known."""
        try:
            return self.path.read_text(encoding="ascii").strip() or "unknown"
        except OSError:
            return "unknown"
