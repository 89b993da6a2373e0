"""One writing process per warehouse database."""

import time

import sqlalchemy as sa

from itpm_pipeline.errors import LockedError, WarehouseError

_WRITER = 0x6974706D_0001
"""Key of the advisory lock that a writing process holds. Advisory locks belong to one database."""
_TRANSACTION = 0x6974706D_0002
"""Key of the one that each writing transaction holds, see :func:`one_transaction`."""
_POLL_SECONDS = 0.1
_HELD = """
    FROM pg_locks AS held
    WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (held.classid::bigint << 32) + held.objid::bigint = :key
"""


class WriterLock:
    """An advisory lock on a session of its own; the server frees it when the session ends, so when its holder dies."""

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self._engine = engine
        self._place = place
        self._session: sa.Connection | None = None
        self._backend = 0

    def acquire(self, wait_seconds: float) -> None:
        """Take the lock, waiting that long for another process; LockedError when it is still held then."""
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            self._wait_for_it(session, wait_seconds)
            self._backend = session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        except BaseException:
            session.invalidate()
            session.close()
            raise
        self._session = session

    def _wait_for_it(self, session: sa.Connection, wait_seconds: float) -> None:
        deadline = time.monotonic() + wait_seconds
        while not session.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _WRITER}).scalar_one():
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"another run ({_holder(session)}) is writing the warehouse; waited {wait_seconds:g} s for "
                    f"{self._place}. Try again when it has ended."
                )
            time.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Let the next one in."""
        if self._session is not None:
            # Ending the session frees the lock even where the connection is broken.
            self._session.invalidate()
            self._session.close()
            self._session = None

    def one_transaction(self, conn: sa.Connection) -> None:
        """Keep out, until this transaction ends, all other writing ones; WarehouseError when the lock was lost.

        A broken network may end the session that holds the lock while this process lives on. Another run may have
        begun since, so this one must write nothing any more.
        """
        conn.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TRANSACTION})
        held = conn.execute(
            sa.text(f"SELECT 1 {_HELD} AND held.pid = :backend"),
            {"key": _WRITER, "backend": self._backend},
        )
        if held.first() is None:
            raise WarehouseError(
                f"the connection that kept other runs out of {self._place} was lost, so nothing more is written; "
                "run again"
            )


def _holder(session: sa.Connection) -> str:
    """The process as it names itself to the server; others' names are shown to members of their role only."""
    name = session.execute(
        sa.text(f"SELECT (SELECT application_name FROM pg_stat_activity WHERE pid = held.pid) {_HELD}"),  # noqa: S608
        {"key": _WRITER},
    ).scalar()
    return (name or "").removeprefix("itpm ") or "of another database user"
