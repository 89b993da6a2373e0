"""An issue in two projects has two values of one field: neither hides the other's changes."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import arrow_schema, core_table
from itpm_pipeline.warehouse.load import merge_observations

OBSERVATION = core_table("field_observation")


def at(second: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)


def test_values_are_compared_within_their_scope(warehouse):
    def seen(second: int, scope: str, value: str, read_before: int | None) -> dict:
        return {"entity_kind": "issue", "entity_id": "i", "field": "estimate_points", "scope": scope, "value": value,
                "observed_at": at(second), "instance": "t", "_raw_hash": f"{second}:x", "synced_at": at(second),
                "previous_read_at": None if read_before is None else at(read_before)}  # fmt: skip

    readings = [
        [seen(0, "A", "3", None), seen(1, "B", "3", None)],
        [seen(10, "A", "3", 0), seen(11, "B", "5", 0)],
        [seen(20, "A", "8", 10), seen(21, "B", "5", 10)],
    ]
    with warehouse.hold(), warehouse.transaction() as conn:
        for rows in readings:
            merge_observations(conn, OBSERVATION, pa.Table.from_pylist(rows, schema=arrow_schema(OBSERVATION)))
        kept = conn.execute(sa.select(OBSERVATION).order_by(OBSERVATION.c.observed_at)).mappings().all()
    assert [(row["observed_at"], row["scope"], row["value"], row["previous_read_at"]) for row in kept] == [
        (at(0), "A", "3", None), (at(1), "B", "3", None), (at(11), "B", "5", at(1)), (at(20), "A", "8", at(10)),
    ]  # fmt: skip
