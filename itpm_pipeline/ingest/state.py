"""What is known of a tracker before it is read: cursors, and the versions of records that were applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson
import sqlalchemy as sa

from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.ingest.landing import RecordKey
from itpm_pipeline.warehouse import ops


@dataclass(frozen=True, slots=True)
class LastRead:
    """The last successful reading of a project; ``cursor`` None: it left none."""

    project_native_id: str | None
    started_at: datetime
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class TrackerState:
    """State of one tracker, as applied to the warehouse."""

    reads: Mapping[str, LastRead] = field(default_factory=dict)
    known: Mapping[RecordKey, str] = field(default_factory=dict)
    last_commit: datetime | None = None

    def last_read(self, project: str, native_id: str | None) -> LastRead | None:
        """The last reading of this very project; a key may have passed to another project since."""
        read = self.reads.get(project)
        return read if read is not None and read.project_native_id == native_id else None


def read_state(conn: sa.Connection, tracker: str) -> TrackerState:
    """State of ``tracker`` as of the connection's view."""
    cursors, records, commits = ops.CURSOR, ops.SOURCE_RECORD, ops.LANDING_COMMIT
    reads = {
        row.project: LastRead(
            row.project_native_id,
            row.read_started_at,
            Cursor(row.watermark, orjson.loads(row.state)) if row.watermark is not None else None,
        )
        for row in conn.execute(sa.select(cursors).where(cursors.c.tracker == tracker))
    }
    known = {
        (row.stream, row.native_id): row.payload_hash
        for row in conn.execute(
            sa.select(records.c.stream, records.c.native_id, records.c.payload_hash).where(records.c.tracker == tracker)
        )
    }
    last = conn.execute(sa.select(sa.func.max(commits.c.committed_at)).where(commits.c.tracker == tracker)).scalar()
    return TrackerState(reads, known, last)
