"""Runs statements as they are: no bind parameters, so that ``:`` and ``%`` in a model mean themselves."""

import sqlalchemy as sa


def run(connection: sa.Connection, sql: str) -> sa.CursorResult[tuple[object, ...]]:
    """Execute one statement in the connection's transaction and dialect."""
    return connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def in_utc(connection: sa.Connection) -> None:
    """Make the session think in UTC, wherever the machine is: dates of instants must not depend on it."""
    run(connection, "set timezone = 'UTC'")
