"""Applies commits of the landing store to the warehouse: a step that is the same for every way of loading.

Core is the result of applying all commits of a tracker in their order, each with the same mapping context. A normal run
applies the new ones, a rebuild all of them: that makes both end in the same rows. Commits that have nothing in common
are merged together, because a merge of few rows costs nearly as much as one of many; what becomes of a row does not
depend on it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import arrow_schema, core_table, metadata
from itpm_pipeline.canonical.shape import Merge
from itpm_pipeline.ingest.landing import RecordKey
from itpm_pipeline.ingest.manifest import Manifest, cursor_state_to_json
from itpm_pipeline.ingest.mapping import Load, Mapped
from itpm_pipeline.ingest.planning import BATCH_RECORDS, Applied, Plan, PlannedCommit
from itpm_pipeline.ingest.tombstones import MARKED, settle
from itpm_pipeline.ingest.versions import Version
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.load import merge, merge_observations, put, remove

_OBSERVATIONS = "field_observation"


def carry_out(conn: sa.Connection, tracker: str, plans: Sequence[Plan]) -> list[Applied]:
    """Merge the records of commits, and note that this was done; all in the transaction of ``conn``."""
    rejected: dict[RecordKey, tuple[Version, str]] = {}
    for merged_together in _groups(plans):
        for commit, versions, mapped in merged_together:
            _note_rejected(commit.applied, versions, mapped, rejected)
        _merge(conn, [(commit.applied, mapped.loads) for commit, _, mapped in merged_together])
    commits = [commit for one in plans for commit in one.commits]
    origin = {file.path: commit.applied.manifest for commit in commits for file in commit.applied.manifest.files}
    changed = {key: version for commit in commits for key, version in commit.changed.items()}
    _note_records(conn, tracker, origin, list(changed.values()), rejected)
    results = [commit.applied for commit in commits]
    _note_commits(conn, results)
    if any(not MARKED.isdisjoint(applied.rows) for applied in results):
        for name, counts in settle(conn, tracker).items():
            results[-1].rows[name] += counts
    return results


MappedPiece = tuple[PlannedCommit, list[Version], Mapped]


def _groups(plans: Iterable[Plan]) -> Iterator[list[MappedPiece]]:
    """Pieces to merge at once: up to a batch, of commits of different projects that share no record."""
    group: list[MappedPiece] = []
    members: dict[str, PlannedCommit] = {}
    held = 0
    for one in plans:
        for chunk, results in zip(one.chunks, one.mapped, strict=True):
            for (commit, versions), mapped in zip(chunk, results, strict=True):
                if group and (held + len(versions) > BATCH_RECORDS or not _fits(commit, members)):
                    yield group
                    group, members, held = [], {}, 0
                group.append((commit, versions, mapped))
                members[commit.applied.manifest.project] = commit
                held += len(versions)
    if group:
        yield group


def _fits(commit: PlannedCommit, members: Mapping[str, PlannedCommit]) -> bool:
    """Whether another piece of a commit may be merged with those of ``members``, by project."""
    member = members.get(commit.applied.manifest.project)
    if member is commit:
        return not commit.has_repeats
    return member is None and all(other.keys.isdisjoint(commit.keys) for other in members.values())


def _note_rejected(
    applied: Applied, versions: Sequence[Version], mapped: Mapped, rejected: dict[RecordKey, tuple[Version, str]]
) -> None:
    """Count what was mapped, and keep in ``rejected`` the records whose newest version was not."""
    if not (mapped.rejected or rejected):
        applied.mapped.update(version.stream for version in versions)
        return
    for position, version in enumerate(versions):
        reason = mapped.rejected.get(position)
        if not version.is_late:
            rejected.pop(version.key, None)
            if reason is not None:
                rejected[version.key] = (version, reason)
        applied.rejected[version.stream] += reason is not None
        applied.mapped[version.stream] += reason is None


def forget(conn: sa.Connection, tracker: str) -> None:
    """Remove all rows of a tracker from core, and what is noted of its records."""
    for table in metadata.sorted_tables:
        if table.info["merge"] is not Merge.FACTS:
            conn.execute(sa.delete(table).where(table.c.instance == tracker))
    for table in (ops.SOURCE_RECORD, ops.REJECTED_RECORD, ops.CURSOR, ops.LANDING_COMMIT):
        conn.execute(sa.delete(table).where(table.c.tracker == tracker))


def _merge(conn: sa.Connection, pieces: Iterable[tuple[Applied, Sequence[Load]]]) -> None:
    """Merge into each table once per round. Rows of a merge for several commits are counted with the last of them."""
    rounds: dict[tuple[int, str], list[tuple[Applied, Load]]] = {}
    for applied, loads in pieces:
        turns: Counter[str] = Counter()
        for load in loads:
            rounds.setdefault((turns[load.table], load.table), []).append((applied, load))
            turns[load.table] += 1
    for (_, name), together in sorted(rounds.items(), key=lambda item: item[0]):
        counted = together[-1][0].rows
        if name == _OBSERVATIONS:
            observations = pa.concat_tables(_since_last_read(load, applied.manifest) for applied, load in together)
            counted[name] += merge_observations(conn, core_table(name), observations)
        else:
            data = pa.concat_tables(load.data for _, load in together)
            replaced = [scope for _, load in together for scope in load.replaced]
            counted[name] += merge(conn, core_table(name), data, replaced)


def _since_last_read(load: Load, manifest: Manifest) -> pa.Table:
    """Observations with the time of the reading before theirs."""
    place = load.data.schema.get_field_index("previous_read_at")
    column = load.data.schema.field(place)
    read_at = pa.array([manifest.previous_read_at] * load.data.num_rows, column.type)
    return load.data.set_column(place, column, read_at)


def _note_records(
    conn: sa.Connection,
    tracker: str,
    origin: Mapping[str, Manifest],
    versions: Sequence[Version],
    rejected: Mapping[RecordKey, tuple[Version, str]],
) -> None:
    """Note the newest versions and which of them are rejected; ``origin``: the commit of each file."""
    if not versions:
        return
    told = _noted(ops.SOURCE_RECORD, tracker, origin, versions)
    put(conn, ops.SOURCE_RECORD, told)
    remove(conn, ops.REJECTED_RECORD, told.select(["tracker", "stream", "native_id"]))
    if rejected:
        unmapped, reasons = zip(*rejected.values(), strict=True)
        runs = [origin[version.file].run_id for version in unmapped]
        rows = _noted(ops.REJECTED_RECORD, tracker, origin, unmapped, run_id=runs, reason=reasons)
        put(conn, ops.REJECTED_RECORD, rows)


def _noted(
    table: sa.Table, tracker: str, origin: Mapping[str, Manifest], versions: Sequence[Version], **more: Sequence[str]
) -> pa.Table:
    """Rows that tell of versions (at least one). Column by column: a full sync has hundreds of thousands."""
    columns = {
        **dict(zip(Version._fields, zip(*versions, strict=True), strict=True)),
        "tracker": [tracker] * len(versions),
        "project": [origin[version.file].project for version in versions],
        **more,
    }
    schema = arrow_schema(table)
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def _note_commits(conn: sa.Connection, commits: Sequence[Applied]) -> None:
    manifests = [applied.manifest for applied in commits]
    put(conn, ops.SYNC_LOG, _table(ops.SYNC_LOG, (row for applied in commits for row in _log_rows(applied))))
    put(conn, ops.LANDING_COMMIT, _table(ops.LANDING_COMMIT, ({
        "tracker": manifest.tracker, "committed_at": manifest.committed_at, "run_id": manifest.run_id,
        "project": manifest.project, "records": manifest.records,
    } for manifest in manifests)))
    read = [manifest for manifest in manifests if not (manifest.failed or manifest.is_census or manifest.is_part)]
    put(conn, ops.CURSOR, _table(ops.CURSOR, map(_cursor_row, read)))


def _cursor_row(manifest: Manifest) -> dict[str, Any]:
    kept = manifest.cursor_after or manifest.cursor_before
    return {
        "tracker": manifest.tracker, "project": manifest.project, "project_native_id": manifest.project_native_id,
        "watermark": kept.watermark if kept else None, "state": cursor_state_to_json(kept.state) if kept else None,
        "read_started_at": manifest.started_at, "run_id": manifest.run_id,
    }


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
    """Rows of an ops table; of those with one key the last, as the commits of a project follow each other."""
    last = {tuple(row[name] for name in table.info["key"]): row for row in rows}
    return pa.Table.from_pylist(list(last.values()), schema=arrow_schema(table))
