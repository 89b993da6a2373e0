"""Records of what a census missed, or found again: landed like a tracker's own, so that core stays a fold of commits.

They are made by us and mean the same for every tracker, so they are mapped here and not by a source.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.ingest.manifest import ABSENCES


@dataclass(frozen=True, slots=True)
class Value:
    """What an entity's field is observed to hold from now on; ``scope`` as in ``core.field_observation``."""

    entity_id: str
    field: str
    scope: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Absence:
    """Something we knew is not to be seen any more (``reason`` is set), or is there again.

    ``since``: our clock when it was missed first. It stays the same as long as it is missed, so that the record does,
    too. ``values``: what that changes in the history of other entities.
    """

    kind: EntityKind
    entity_id: str
    reason: AbsenceReason | None = None
    since: datetime | None = None
    detail: str | None = None
    successor_id: str | None = None
    values: tuple[Value, ...] = ()

    def record(self, project: str, fetched_at: datetime) -> RawRecord:
        """The record to land."""
        payload = orjson.dumps({
            "kind": self.kind,
            "id": self.entity_id,
            "reason": self.reason,
            "since": self.since,
            "detail": self.detail,
            "successor": self.successor_id,
            "values": [[one.entity_id, one.field, one.scope, one.value] for one in self.values],
        })  # fmt: skip
        return RawRecord(ABSENCES, project, self.entity_id, payload, fetched_at)

    @classmethod
    def of(cls, record: RawRecord) -> Self:
        """What a landed record says; MappingError if it is none of ours."""
        try:
            found: dict[str, Any] = orjson.loads(record.payload)
            return cls(
                kind=EntityKind(found["kind"]),
                entity_id=str(found["id"]),
                reason=AbsenceReason(found["reason"]) if found["reason"] else None,
                since=datetime.fromisoformat(found["since"]) if found["since"] else None,
                detail=found["detail"],
                successor_id=found["successor"],
                values=tuple(Value(*one) for one in found["values"]),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise MappingError(f"no record of an absence: {type(error).__name__}: {error}") from None


def map_absence(record: RawRecord, rows: CanonicalRows) -> None:
    """Append the rows of one record of this stream."""
    absence = Absence.of(record)
    rows.add("absence", {
        "entity_id": absence.entity_id,
        "entity_kind": absence.kind.value,
        "is_absent": absence.reason is not None,
        "since": absence.since,
        "reason": absence.reason.value if absence.reason else None,
        "detail": absence.detail,
        "successor_id": absence.successor_id,
    })  # fmt: skip
    for one in absence.values:
        rows.add("field_observation", {
            "entity_kind": EntityKind.ISSUE.value,
            "entity_id": one.entity_id,
            "field": one.field,
            "scope": one.scope,
            "observed_at": record.fetched_at,
            "value": one.value,
        })  # fmt: skip
