"""Applies one commit of the landing store to the warehouse: a step that is the same for every way of loading.

Core is the result of applying all commits of a tracker in their order, each with the same mapping context. A normal run
applies the new ones, a rebuild all of them: that makes both end in the same rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import Merge, arrow_schema, core_table, metadata
from itpm_pipeline.extract.source import MappingContext, Source
from itpm_pipeline.ingest.landing import Landing, RecordKey
from itpm_pipeline.ingest.manifest import Manifest, cursor_state_to_json
from itpm_pipeline.ingest.mapping import Load, map_records
from itpm_pipeline.ingest.versions import VERSION_COLUMNS, Version, advance
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.load import MergeCounts, find, merge, merge_observations, put, remove

CHUNK_RECORDS = 2_000
"""Records that are mapped and merged at a time."""
_OBSERVATIONS = "field_observation"


@dataclass(slots=True)
class Applied:
    """What one commit did: records per stream, and rows per core table."""

    manifest: Manifest
    mapped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rows: defaultdict[str, MergeCounts] = field(default_factory=lambda: defaultdict(MergeCounts))


def apply_commit(
    conn: sa.Connection, landing: Landing, source: Source, context: MappingContext, manifest: Manifest
) -> Applied:
    """Map and merge the records of a commit, and note that this was done; all in the transaction of ``conn``."""
    applied = Applied(manifest)
    if manifest.files:
        index = landing.index(manifest)
        stored = _stored_versions(conn, source.tracker, index)
        newest = dict(stored)
        todo = advance(newest, (Version(**row) for row in index.to_pylist()))
        rejected: dict[RecordKey, tuple[Version, str]] = {}
        for start in range(0, len(todo), CHUNK_RECORDS):
            chunk = todo[start : start + CHUNK_RECORDS]
            records = landing.records([(version.file, version.file_row) for version in chunk])
            mapped = map_records(source, context, zip(chunk, records, strict=True))
            for load in mapped.loads:
                applied.rows[load.table] += _merge(conn, load, manifest)
            failed = {id(version): reason for version, reason in mapped.rejected}
            for version in chunk:
                rejected.pop(version.key, None)
                if id(version) in failed:
                    rejected[version.key] = (version, failed[id(version)])
                applied.rejected[version.stream] += id(version) in failed
                applied.mapped[version.stream] += id(version) not in failed
        changed = [version for key, version in newest.items() if version is not stored.get(key)]
        _note_records(conn, source.tracker, manifest, changed, rejected)
    _note_commit(conn, applied)
    return applied


def forget(conn: sa.Connection, tracker: str) -> None:
    """Remove all rows of a tracker from core, and what is noted of its records."""
    for table in metadata.sorted_tables:
        if table.info["merge"] is not Merge.FACTS:
            conn.execute(sa.delete(table).where(table.c.instance == tracker))
    for table in (ops.SOURCE_RECORD, ops.REJECTED_RECORD, ops.CURSOR, ops.LANDING_COMMIT):
        conn.execute(sa.delete(table).where(table.c.tracker == tracker))


def _merge(conn: sa.Connection, load: Load, manifest: Manifest) -> MergeCounts:
    table = core_table(load.table)
    if load.table != _OBSERVATIONS:
        return merge(conn, table, load.data, load.replaced)
    place = load.data.schema.get_field_index("previous_read_at")
    column = load.data.schema.field(place)
    read_at = pa.array([manifest.previous_read_at] * load.data.num_rows, column.type)
    return merge_observations(conn, table, load.data.set_column(place, column, read_at))


def _stored_versions(conn: sa.Connection, tracker: str, index: pa.Table) -> dict[RecordKey, Version]:
    names = index.select(["stream", "native_id"])
    keys = names.append_column("tracker", pa.array([tracker] * names.num_rows, pa.string()))
    stored = find(conn, ops.SOURCE_RECORD, keys).select(VERSION_COLUMNS)
    return {(row["stream"], row["native_id"]): Version(**row) for row in stored.to_pylist()}


def _note_records(
    conn: sa.Connection,
    tracker: str,
    manifest: Manifest,
    versions: Sequence[Version],
    rejected: Mapping[RecordKey, tuple[Version, str]],
) -> None:
    put(conn, ops.SOURCE_RECORD, _table(ops.SOURCE_RECORD, (_row(v, tracker, manifest) for v in versions)))
    keys = pa.table(
        {
            "tracker": pa.array([tracker] * len(versions), pa.string()),
            "stream": pa.array([version.stream for version in versions], pa.string()),
            "native_id": pa.array([version.native_id for version in versions], pa.string()),
        }
    )
    remove(conn, ops.REJECTED_RECORD, keys)
    put(
        conn,
        ops.REJECTED_RECORD,
        _table(
            ops.REJECTED_RECORD,
            (
                {**_row(version, tracker, manifest), "run_id": manifest.run_id, "reason": reason}
                for version, reason in rejected.values()
                if not version.is_late
            ),
        ),
    )


def _row(version: Version, tracker: str, manifest: Manifest) -> dict[str, Any]:
    return {
        "tracker": tracker, "project": manifest.project, "stream": version.stream, "native_id": version.native_id,
        "payload_hash": version.payload_hash, "fetched_at": version.fetched_at, "file": version.file,
        "file_row": version.file_row,
    }


def _note_commit(conn: sa.Connection, applied: Applied) -> None:
    manifest = applied.manifest
    before, after = manifest.cursor_before, manifest.cursor_after
    put(conn, ops.SYNC_LOG, _table(ops.SYNC_LOG, _log_rows(applied)))
    put(conn, ops.LANDING_COMMIT, _table(ops.LANDING_COMMIT, [{
        "tracker": manifest.tracker, "committed_at": manifest.committed_at, "run_id": manifest.run_id,
        "project": manifest.project, "records": sum(file.rows for file in manifest.files),
    }]))
    if not manifest.failed:
        kept = after or before
        put(conn, ops.CURSOR, _table(ops.CURSOR, [{
            "tracker": manifest.tracker, "project": manifest.project, "project_native_id": manifest.project_native_id,
            "watermark": kept.watermark if kept else None, "state": cursor_state_to_json(kept.state) if kept else None,
            "read_started_at": manifest.started_at, "run_id": manifest.run_id,
        }]))


def _log_rows(applied: Applied) -> Sequence[dict[str, Any]]:
    manifest = applied.manifest
    before, after = manifest.cursor_before, manifest.cursor_after
    return [
        {
            "tracker": manifest.tracker, "project": manifest.project, "stream": outcome.stream,
            "run_id": manifest.run_id, "started_at": manifest.started_at, "ended_at": manifest.committed_at,
            "status": outcome.status.value, "reason": outcome.reason, "fetched": outcome.fetched,
            "landed": (manifest.landed or {}).get(outcome.stream, 0), "mapped": applied.mapped[outcome.stream],
            "rejected": applied.rejected[outcome.stream], "requests": outcome.requests, "retries": outcome.retries,
            "waited_seconds": outcome.waited_seconds, "points": outcome.points, "bytes": outcome.bytes,
            "cursor_from": before.watermark if before else None, "cursor_to": after.watermark if after else None,
        }
        for outcome in manifest.outcomes
    ]


def _table(table: sa.Table, rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table))
