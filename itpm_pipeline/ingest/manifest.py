"""Commit manifests: what makes the files of one reading visible, all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.records import OutcomeStatus, StreamOutcome
from itpm_pipeline.extract.source import Cursor

ABSENCES = "absences"
"""Stream of what a census missed, or found again; made by us, so no tracker has one of that name."""
WHOLE = "*"
"""Stands for a reading as a whole where an outcome names a stream."""
DISCOVERY = "discover"
"""Stands for the listing of a tracker's projects where an outcome names a stream."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class LandedFile:
    """A Parquet file of one stream; ``path`` is relative to the landing root."""

    path: str
    stream: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One reading of one project (or of the site) of a tracker, as it was committed; failed ones have no files.

    ``previous_read_at`` is our clock at the start of the last successful reading before, null: there was none.
    ``cursor_after`` None leaves the cursor as it was. ``is_part``: the reading goes on, another manifest ends it.
    """

    tracker: str
    kind: str
    project: str
    project_native_id: str | None
    run_id: str
    started_at: datetime
    committed_at: datetime
    previous_read_at: datetime | None
    cursor_before: Cursor | None
    cursor_after: Cursor | None
    outcomes: tuple[StreamOutcome, ...] = ()
    landed: Mapping[str, int] | None = None
    files: tuple[LandedFile, ...] = ()
    is_part: bool = False

    @property
    def position(self) -> tuple[datetime, str, str]:
        """Manifests of a tracker are applied in the order of this, in every warehouse and on every rebuild."""
        return (self.committed_at, self.run_id, self.project)

    @property
    def records(self) -> int:
        """How many were landed."""
        return sum(file.rows for file in self.files)

    @property
    def failed(self) -> bool:
        """Nothing came of the reading."""
        return any(
            outcome.stream in (WHOLE, DISCOVERY) and outcome.status is OutcomeStatus.FAILED for outcome in self.outcomes
        )

    @property
    def is_census(self) -> bool:
        """It tells what is there and what is not; reading goes on from where it was."""
        return bool(self.outcomes) and all(outcome.stream == ABSENCES for outcome in self.outcomes)

    def to_json(self) -> bytes:
        """The text of the manifest."""
        return orjson.dumps(
            {
                "version": _VERSION,
                **asdict(replace(self, landed=dict(self.landed or {}), cursor_before=None, cursor_after=None)),
                "cursor_before": _cursor_to_json(self.cursor_before),
                "cursor_after": _cursor_to_json(self.cursor_after),
            },
            option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS,
        )

    @classmethod
    def from_json(cls, text: bytes, where: str) -> "Manifest":
        """The manifest in ``text``; WarehouseError names ``where`` when it is none."""
        try:
            fields: dict[str, Any] = orjson.loads(text)
            if fields.pop("version") != _VERSION:
                raise WarehouseError(f"{where} was written by another version of the pipeline")
            return cls(
                **{
                    **fields,
                    "started_at": datetime.fromisoformat(fields["started_at"]),
                    "committed_at": datetime.fromisoformat(fields["committed_at"]),
                    "previous_read_at": _instant(fields["previous_read_at"]),
                    "cursor_before": _cursor_from_json(fields["cursor_before"]),
                    "cursor_after": _cursor_from_json(fields["cursor_after"]),
                    "outcomes": _outcomes(fields["outcomes"]),
                    "files": tuple(LandedFile(**file) for file in fields["files"]),
                }
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise WarehouseError(f"cannot read the commit manifest {where}: {type(error).__name__}: {error}") from error


def cursor_state_to_json(state: Mapping[str, Any]) -> str:
    """A cursor's state as the text that the warehouse keeps."""
    return orjson.dumps(dict(state), option=orjson.OPT_SORT_KEYS).decode()


def _outcomes(found: Sequence[dict[str, Any]]) -> tuple[StreamOutcome, ...]:
    return tuple(StreamOutcome(**{**outcome, "status": OutcomeStatus(outcome["status"])}) for outcome in found)


def _cursor_to_json(cursor: Cursor | None) -> dict[str, Any] | None:
    if cursor is None:
        return None
    return {"watermark": cursor.watermark.astimezone(UTC), "state": dict(cursor.state)}


def _cursor_from_json(fields: dict[str, Any] | None) -> Cursor | None:
    return Cursor(datetime.fromisoformat(fields["watermark"]), fields["state"]) if fields else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
