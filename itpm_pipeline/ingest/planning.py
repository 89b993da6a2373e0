"""Plans how commits are applied: which of their versions have to be mapped, and in what pieces.

Planning reads the warehouse and starts the mapping; it writes nothing. So the next commits can be planned, and mapped
by other processes, while the ones before them are merged.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.extract.source import MappingContext
from itpm_pipeline.ingest.landing import Landing, RecordKey
from itpm_pipeline.ingest.manifest import Manifest
from itpm_pipeline.ingest.mappers import Mapper
from itpm_pipeline.ingest.mapping import Mapped
from itpm_pipeline.ingest.versions import VERSION_COLUMNS, Version, advance, versions_in
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.load import MergeCounts, find

CHUNK_RECORDS = 5_000
"""Records that are mapped at a time."""
BATCH_RECORDS = 4 * CHUNK_RECORDS
"""Records that are merged at once and loaded in one transaction, if there are so many and their commits allow it. A
merge of few costs nearly as much as one of many, and while some are merged, others are mapped."""
Underway = MutableMapping[RecordKey, Version]
"""Newest versions of records that are planned, and may not be in the warehouse yet."""


@dataclass(slots=True)
class Applied:
    """What one commit did: records per stream, and rows per core table."""

    manifest: Manifest
    mapped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rows: defaultdict[str, MergeCounts] = field(default_factory=lambda: defaultdict(MergeCounts))


@dataclass(frozen=True, slots=True)
class PlannedCommit:
    """A commit, the records it tells of, and the versions that it makes the newest of their records.

    ``has_repeats``: it has several versions of a record.
    """

    applied: Applied
    keys: frozenset[RecordKey]
    changed: dict[RecordKey, Version]
    has_repeats: bool


Piece = tuple[PlannedCommit, list[Version]]
"""Versions of one commit, as many of them as fit into a chunk."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Commits to apply in their order, in pieces by chunk, and what these are mapped to."""

    commits: list[PlannedCommit]
    chunks: list[list[Piece]]
    mapped: Iterator[list[Mapped]]

    def forget(self, underway: Underway) -> None:
        """Take what is applied now out of ``underway``, unless a later plan goes beyond it."""
        for commit in self.commits:
            for key, version in commit.changed.items():
                if underway.get(key) is version:
                    del underway[key]


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


def make_plan(
    conn: sa.Connection, landing: Landing, tracker: str, mapper: Mapper, context: MappingContext,
    manifests: Sequence[Manifest], underway: Underway,
) -> Plan:
    """How to apply commits after those that ``underway`` tells of, which is brought up to date."""
    landed = [versions_in(landing.index(manifest)) for manifest in manifests]
    keys = [frozenset(version.key for version in told) for told in landed]
    newest = _stored_versions(conn, tracker, frozenset().union(*keys))
    newest.update((key, underway[key]) for told in keys for key in told if key in underway)
    to_map: list[Piece] = []
    for manifest, told, versions in zip(manifests, keys, landed, strict=True):
        todo = advance(newest, versions)
        changed = {version.key: version for version in todo if not version.is_late}
        underway.update(changed)
        to_map.append((PlannedCommit(Applied(manifest), told, changed, len(told) < len(versions)), todo))
    chunks = list(_chunks(to_map))
    mapped = mapper.map(context, [[versions for _, versions in chunk] for chunk in chunks])
    return Plan([commit for commit, _ in to_map], chunks, mapped)


def _chunks(commits: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The versions to map, as many at a time as is good for memory."""
    chunk: list[Piece] = []
    free = CHUNK_RECORDS
    for commit, todo in commits:
        start = 0
        while start < len(todo):
            part = todo[start : start + free]
            chunk.append((commit, part))
            start, free = start + len(part), free - len(part)
            if not free:
                yield chunk
                chunk, free = [], CHUNK_RECORDS
    if chunk:
        yield chunk


def _stored_versions(conn: sa.Connection, tracker: str, keys: Collection[RecordKey]) -> dict[RecordKey, Version]:
    if not keys:
        return {}
    streams, native_ids = zip(*keys, strict=True)
    trackers = pa.repeat(pa.scalar(tracker), len(keys))
    wanted = pa.table([trackers, pa.array(streams), pa.array(native_ids)], ["tracker", "stream", "native_id"])
    stored = find(conn, ops.SOURCE_RECORD, wanted)
    return {version.key: version for version in versions_in(stored.select(VERSION_COLUMNS))}
