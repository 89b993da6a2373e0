"""What building the models over an event log gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from event_log import EventLog

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)


@dataclass
class Built:
    """Tables as built."""

    connection: sa.Connection

    def rows(self, table: str, where: str = "true") -> list[dict[str, Any]]:
        """Rows of a table such as ``mart.dim_team``."""
        found = self.connection.exec_driver_sql(f"select * from {table} where {where}")
        return [dict(row._mapping) for row in found]

    def one(self, table: str, where: str) -> dict[str, Any]:
        """The only row that satisfies the condition."""
        (row,) = self.rows(table, where)
        return row


class Build(Protocol):
    """Builds all models; blocking checks must pass."""

    def __call__(
        self, log: EventLog, *, as_of: datetime = AS_OF, metrics: Mapping[str, Any] | None = None
    ) -> Built: ...
