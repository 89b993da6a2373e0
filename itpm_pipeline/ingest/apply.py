"""Applies commits of the landing store to the warehouse: a step that is the same for every way of loading.

Core is the result of applying all commits of a tracker in their order, each with the same mapping context. A normal run
applies the new ones, a rebuild all of them: that makes both end in the same rows. Commits that have nothing in common
are applied together, because a merge of few rows costs nearly as much as one of many; what becomes of a row does not
depend on it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import Merge, arrow_schema, core_table, metadata
from itpm_pipeline.extract.source import MappingContext
from itpm_pipeline.ingest.landing import Landing, RecordKey
from itpm_pipeline.ingest.manifest import Manifest, cursor_state_to_json
from itpm_pipeline.ingest.mappers import Mapper
from itpm_pipeline.ingest.mapping import Load
from itpm_pipeline.ingest.tombstones import MARKED, settle
from itpm_pipeline.ingest.versions import VERSION_COLUMNS, Version, advance, versions_in
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.load import MergeCounts, find, merge, merge_observations, put, remove

CHUNK_RECORDS = 5_000
"""Records that are mapped and merged at a time."""
BATCH_RECORDS = 4 * CHUNK_RECORDS
"""Records that are loaded in one transaction, if their commits allow it: while some are merged, others are mapped."""
_OBSERVATIONS = "field_observation"


@dataclass(slots=True)
class Applied:
    """What one commit did: records per stream, and rows per core table."""

    manifest: Manifest
    mapped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rows: defaultdict[str, MergeCounts] = field(default_factory=lambda: defaultdict(MergeCounts))


def batches(manifests: Iterable[Manifest]) -> Iterator[list[Manifest]]:
    """Consecutive commits to apply in one transaction: together at most :data:`BATCH_RECORDS`."""
    batch: list[Manifest] = []
    held = 0
    for manifest in manifests:
        if batch and held + manifest.records > BATCH_RECORDS:
            yield batch
            batch, held = [], 0
        batch.append(manifest)
        held += manifest.records
    if batch:
        yield batch


def apply_commits(
    conn: sa.Connection, landing: Landing, tracker: str, mapper: Mapper, context: MappingContext,
    manifests: Sequence[Manifest],
) -> list[Applied]:
    """Map and merge the records of commits, and note that this was done; all in the transaction of ``conn``."""
    results = []
    for commits in _disjoint([_Commit(Applied(manifest), landing.index(manifest)) for manifest in manifests]):
        _apply_together(conn, tracker, mapper, context, commits)
        results += [commit.applied for commit in commits]
    if results and any(not MARKED.isdisjoint(applied.rows) for applied in results):
        for name, counts in settle(conn, tracker).items():
            results[-1].rows[name] += counts
    return results


@dataclass(slots=True)
class _Commit:
    applied: Applied
    index: pa.Table
    """See ``Landing.index``."""
    todo: list[Version] = field(default_factory=list)


def _disjoint(commits: Iterable[_Commit]) -> Iterator[list[_Commit]]:
    """Runs of commits, in their order, of which no two are of one project or tell of the same record."""
    run: list[_Commit] = []
    projects: set[str] = set()
    keys: set[RecordKey] = set()
    for commit in commits:
        project = commit.applied.manifest.project
        told = set(zip(*(commit.index[name].to_pylist() for name in ("stream", "native_id")), strict=True))
        if project in projects or not keys.isdisjoint(told):
            yield run
            run, projects, keys = [], set(), set()
        run.append(commit)
        projects.add(project)
        keys |= told
    if run:
        yield run


def _apply_together(
    conn: sa.Connection, tracker: str, mapper: Mapper, context: MappingContext, commits: Sequence[_Commit]
) -> None:
    index = pa.concat_tables(commit.index for commit in commits)
    stored = _stored_versions(conn, tracker, index) if index.num_rows else {}
    newest = dict(stored)
    for commit in commits:
        commit.todo = advance(newest, versions_in(commit.index))
    rejected: dict[RecordKey, tuple[Version, str]] = {}
    chunks = list(_chunks(commits))
    results = mapper.map(context, [[versions for _, versions in chunk] for chunk in chunks])
    for chunk, results_of_chunk in zip(chunks, results, strict=True):
        loads = []
        for (applied, versions), mapped in zip(chunk, results_of_chunk, strict=True):
            loads += [(applied, load) for load in mapped.loads]
            for position, version in enumerate(versions):
                reason = mapped.rejected.get(position)
                if not version.is_late:
                    rejected.pop(version.key, None)
                    if reason is not None:
                        rejected[version.key] = (version, reason)
                applied.rejected[version.stream] += reason is not None
                applied.mapped[version.stream] += reason is None
        _merge(conn, loads)
    origin = {file.path: commit.applied.manifest for commit in commits for file in commit.applied.manifest.files}
    changed = [version for key, version in newest.items() if version is not stored.get(key)]
    _note_records(conn, tracker, origin, changed, rejected)
    _note_commits(conn, [commit.applied for commit in commits])


def _chunks(commits: Iterable[_Commit]) -> Iterator[list[tuple[Applied, list[Version]]]]:
    """The versions to map, as many at a time as is good for memory."""
    chunk: list[tuple[Applied, list[Version]]] = []
    free = CHUNK_RECORDS
    for commit in commits:
        start = 0
        while start < len(commit.todo):
            part = commit.todo[start : start + free]
            chunk.append((commit.applied, part))
            start, free = start + len(part), free - len(part)
            if not free:
                yield chunk
                chunk, free = [], CHUNK_RECORDS
    if chunk:
        yield chunk


def forget(conn: sa.Connection, tracker: str) -> None:
    """Remove all rows of a tracker from core, and what is noted of its records."""
    for table in metadata.sorted_tables:
        if table.info["merge"] is not Merge.FACTS:
            conn.execute(sa.delete(table).where(table.c.instance == tracker))
    for table in (ops.SOURCE_RECORD, ops.REJECTED_RECORD, ops.CURSOR, ops.LANDING_COMMIT):
        conn.execute(sa.delete(table).where(table.c.tracker == tracker))


def _merge(conn: sa.Connection, loads: Iterable[tuple[Applied, Load]]) -> None:
    """Merge into each table once per round. Rows of a merge for several commits are counted with the last of them."""
    rounds: dict[tuple[int, str], list[tuple[Applied, Load]]] = {}
    turns: Counter[tuple[int, str]] = Counter()
    for applied, load in loads:
        turn = turns[id(applied), load.table]
        turns[id(applied), load.table] += 1
        rounds.setdefault((turn, load.table), []).append((applied, load))
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


def _stored_versions(conn: sa.Connection, tracker: str, index: pa.Table) -> dict[RecordKey, Version]:
    names = index.select(["stream", "native_id"])
    keys = names.append_column("tracker", pa.array([tracker] * names.num_rows, pa.string()))
    stored = find(conn, ops.SOURCE_RECORD, keys).select(VERSION_COLUMNS)
    return {version.key: version for version in versions_in(stored)}


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
    read = [manifest for manifest in manifests if not (manifest.failed or manifest.is_census)]
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
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table))
