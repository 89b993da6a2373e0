"""Connections to a PostgreSQL server: where it is, how sessions are set, how its errors are told (without secrets)."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

from itpm_pipeline.errors import ConfigurationError, ItpmError, LockedError, WarehouseError

DRIVER = "postgresql+psycopg"
_EXAMPLE = "postgresql+psycopg://itpm@db.example.com/itpm"
_CONNECT_SECONDS = 10
_APPLICATION_NAME_LENGTH = 63
_SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "client_min_messages": "warning",
    # Only our own tables are meant, and those are always named with their schema.
    "search_path": "pg_catalog",
    # Compiling takes longer than it saves on the many short statements of a build.
    "jit": "off",
}
_LEAST_SECRET = 4
"""A password so short is no secret, and to blot it out would spoil any text."""
_LOCK_NOT_AVAILABLE, _NO_RIGHT = "55P03", "42501"
_HINTS: tuple[tuple[str, str], ...] = (
    ("password authentication failed", "check user and password"),
    ("no password supplied", "give it as ${VARIABLE} in the address, in PGPASSWORD, or in a password file"),
    ("does not exist", "create it first (docs/postgresql.md)"),
    ("no pg_hba.conf entry", "the server must allow this user from this machine (pg_hba.conf)"),
    ("permission denied", "the user must own the warehouse's schemas or be allowed to create them"),
)
"""What to do, by a part of what the server or driver says. Servers may speak other languages: then there is no hint."""


def parse(url: str) -> sa.URL:
    """The address in ``postgresql+psycopg://user:password@host:port/database``.

    ConfigurationError, which repeats no part of the address, as that may be a password.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(
            f"warehouse.url: not an address such as {_EXAMPLE}; a password with / @ : # or % must be percent-encoded"
        ) from None
    if parsed.drivername not in ("postgresql", DRIVER):
        raise ConfigurationError(f"warehouse.url: {parsed.drivername}: write {DRIVER}://…")
    if "@" in (parsed.host or ""):
        raise ConfigurationError("warehouse.url: two @; a password with / @ : # or % must be percent-encoded")
    if not parsed.database:
        raise ConfigurationError(f"warehouse.url: names no database; write for example {_EXAMPLE}")
    return parsed.set(drivername=DRIVER)


def place_of(url: sa.URL) -> str:
    """The address for messages: no user, no password, no options."""
    host = url.host or str(url.query.get("host") or "")
    return f"postgresql://{host}{f':{url.port}' if url.port else ''}/{url.database}"


def engine_to(url: sa.URL, lock_wait_seconds: float) -> sa.Engine:
    """An engine whose sessions think in UTC and wait for a lock no longer than that. Connects to nothing yet."""
    # 0 would mean: for ever.
    settings = {**_SESSION, "lock_timeout": f"{max(round(lock_wait_seconds * 1000), 1)}ms"}
    # Statements name temporary tables that come and go, so there is nothing to gain from preparing them.
    engine = sa.create_engine(url, connect_args={**_connect_arguments(url), "prepare_threshold": None})

    def set_up(connection: Any, _: object) -> None:
        _set(connection, settings)
        connection.commit()

    sa.event.listen(engine, "connect", set_up)
    return engine


def connect_for_reading(url: sa.URL) -> "psycopg.Connection[tuple[Any, ...]]":
    """A session in which every transaction only reads, and sees one state from its first statement to its end."""
    connection = psycopg.connect(**_psycopg_arguments(url))
    try:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        _set(connection, {**_SESSION, "default_transaction_read_only": "on"})
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_arguments(url: sa.URL) -> dict[str, Any]:
    given = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    return {**given, "application_name": application_name()}


def _psycopg_arguments(url: sa.URL) -> dict[str, Any]:
    _, arguments = url.get_dialect()().create_connect_args(url)
    return {**arguments, **_connect_arguments(url)}


def _set(connection: Any, settings: Mapping[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (name, value))


def application_name() -> str:
    """How the server's administrator, and another run that waits for this one, see this process."""
    return f"itpm process {os.getpid()} on {socket.gethostname()}"[:_APPLICATION_NAME_LENGTH]


@contextmanager
def errors_told(doing: str, url: sa.URL) -> Iterator[None]:
    """Errors of the database as one line: what we were doing, where, what came back, what to do."""
    try:
        yield
    except (sa.exc.DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise _told(doing, url, cause) from error
    except sa.exc.TimeoutError as error:
        raise WarehouseError(f"{doing}: no connection to {place_of(url)} became free") from error


def _told(doing: str, url: sa.URL, cause: BaseException | None) -> ItpmError:
    state = getattr(cause, "sqlstate", None)
    diagnostics = getattr(cause, "diag", None)
    text = " ".join(str((diagnostics and diagnostics.message_primary) or cause).split())
    if len(str(url.password or "")) >= _LEAST_SECRET:
        text = text.replace(str(url.password), "***")
    if state == _LOCK_NOT_AVAILABLE:
        return LockedError(f"{doing}: another session locks what is needed in {place_of(url)}: {text}. Try again.")
    if isinstance(cause, psycopg.OperationalError) and state is None:
        return WarehouseError(f"cannot connect to {place_of(url)}{_as_user(url)}: {text}{_hint(text)}")
    rights = _hint(text) + _as_user(url) if state == _NO_RIGHT else ""
    return WarehouseError(f"{doing}: {text}{rights}")


def _as_user(url: sa.URL) -> str:
    return f" as {url.username}" if url.username else ""


def _hint(text: str) -> str:
    return next((f"; {hint}" for part, hint in _HINTS if part in text), "")
