"""Turns raw records into Arrow tables of core rows; a record that does not fit is rejected, alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.shape import COMMON, Merge, Replaced, Shape, Shapes, record_stamp
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.extract.source import MappingContext, RecordMapper
from itpm_pipeline.ingest.absences import map_absence
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.manifest import ABSENCES
from itpm_pipeline.ingest.versions import Version

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Load:
    """Rows for one merge into one table."""

    table: str
    data: pa.Table
    replaced: tuple[Replaced, ...] = ()


@dataclass(slots=True)
class Mapped:
    """What became of some records: merges in the order to do them; positions of the rejected, with their reasons."""

    loads: list[Load] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)


Chunk = Sequence[Sequence[Version]]
"""Versions to map at a time, those of one commit each; they make a list with a :class:`Mapped` of each commit."""

_Rows = list[tuple[int, Version, CanonicalRows]]
"""Position of a record, its version, and what it was mapped to."""

_Stamp = tuple[datetime, str]
"""What ``synced_at`` and ``_raw_hash`` of a row are."""

_COMMON = frozenset(name for name, _, _ in COMMON)


@dataclass(frozen=True, slots=True)
class InThisProcess:
    """Maps landed records of one tracker, when it is asked for the result."""

    mapper: RecordMapper
    landing: Landing
    shapes: Shapes

    def map(self, context: MappingContext, chunks: Iterable[Chunk]) -> Iterator[list[Mapped]]:
        """One chunk after the other."""
        return ([self._map(context, versions) for versions in chunk] for chunk in chunks)

    def expect(self, records: int) -> None:
        """Nothing has to be prepared."""

    def _map(self, context: MappingContext, versions: Sequence[Version]) -> Mapped:
        records = self.landing.records([(version.file, version.file_row) for version in versions])
        return map_records(self.mapper, context, zip(versions, records, strict=True), self.shapes)


def map_records(
    mapper: RecordMapper, context: MappingContext, records: Iterable[tuple[Version, RawRecord]], shapes: Shapes
) -> Mapped:
    """Map records (ordered by time) with ``context``. Never raises because of a record."""
    mapped = Mapped()
    fitting: _Rows = []
    for position, (version, record) in enumerate(records):
        rows = CanonicalRows()
        try:
            if record.stream == ABSENCES:
                map_absence(record, rows)
            else:
                mapper.map_record(record, context, rows)
        except MappingError as error:
            mapped.rejected[position] = _reason(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a payload provokes costs this record only
            mapped.rejected[position] = _reason(f"{type(error).__name__}: {error}")
        else:
            fitting.append((position, version, rows))
    try:
        mapped.loads = _tabulate(mapper, fitting, shapes)
    except _UNFIT:
        kept: _Rows = []
        for one in fitting:
            try:
                _tabulate(mapper, [one], shapes)
            except _UNFIT as error:
                unfit = "" if isinstance(error, MappingError) else "a value does not fit its column: "
                mapped.rejected[one[0]] = _reason(f"{unfit}{error}")
            else:
                kept.append(one)
        mapped.loads = _tabulate(mapper, kept, shapes)
    return mapped


_UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError)


def _tabulate(mapper: RecordMapper, mapped: _Rows, shapes: Shapes) -> list[Load]:
    """One merge per table; of child tables one per round, a round having one version of each record.

    A late version adds what no newer version can have replaced: its replaced scopes are left as they are.
    """
    rows: defaultdict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    stamps: defaultdict[tuple[int, str], list[_Stamp]] = defaultdict(list)
    replaced: defaultdict[tuple[int, str], list[Replaced]] = defaultdict(list)
    versions_seen: Counter[tuple[str, str]] = Counter()
    for _, version, found in mapped:
        turn = versions_seen[version.key]
        versions_seen[version.key] += 1
        record = record_stamp(*version.key)
        stamp = (version.fetched_at, f"{record}:{version.payload_hash}")
        for name, added in found.tables.items():
            table = shapes[name]
            is_child = table.merge is Merge.REPLACE
            wanted: Sequence[dict[str, Any]] = added
            if is_child and version.is_late:
                scopes = set(found.replaced.get(name, ()))
                wanted = [row for row in added if row.get(table.replace_by or "") not in scopes]
            rows[turn if is_child else 0, name] += wanted
            stamps[turn if is_child else 0, name] += [stamp] * len(wanted)
        if not version.is_late:
            for name, scopes_of in found.replaced.items():
                replaced[turn, name].extend(Replaced(scope, record) for scope in dict.fromkeys(scopes_of))
    return [
        Load(
            name,
            _arrow(mapper, name, shapes[name], rows.get((turn, name), []), stamps.get((turn, name), [])),
            tuple(replaced.get((turn, name), ())),
        )
        for turn, name in sorted(rows.keys() | replaced.keys())
    ]


def _arrow(
    mapper: RecordMapper, name: str, shape: Shape, rows: Sequence[dict[str, Any]], stamps: Sequence[_Stamp]
) -> pa.Table:
    """Rows of one table, with the common columns: each row's stamp, and where all of them come from."""
    schema = shape.columns
    if unknown := set().union(*rows).difference(schema.names):
        raise MappingError(f"table {name} has no column {min(unknown)!r}")
    if shape.merge is Merge.UPSERT:
        kept = decisive(rows, stamps, shape.key)
        rows, stamps = [rows[place] for place in kept], [stamps[place] for place in kept]
    # Arrow takes whole dictionaries apart twice as fast as a loop over columns does.
    own = [column for column in schema if column.name not in _COMMON]
    columns = dict(zip((column.name for column in own), pa.array(rows, pa.struct(own)).flatten(), strict=True))
    columns |= {
        "source": pa.repeat(pa.scalar(mapper.kind, schema.field("source").type), len(rows)),
        "instance": pa.repeat(pa.scalar(mapper.tracker, schema.field("instance").type), len(rows)),
        "synced_at": pa.array([fetched_at for fetched_at, _ in stamps], schema.field("synced_at").type),
        "_raw_hash": pa.array([raw_hash for _, raw_hash in stamps], schema.field("_raw_hash").type),
    }
    data = pa.Table.from_arrays([columns[column.name] for column in schema], schema=schema)
    for key in shape.key:
        if data[key].null_count:
            raise ValueError(f"{name}.{key} is part of the key and must not be null")
    return data


def decisive(rows: Sequence[Mapping[str, Any]], stamps: Sequence[_Stamp], key: Sequence[str]) -> Sequence[int]:
    """Places of the rows of an upsert that can decide what stands in the end, in their order.

    Thousands of issues tell of the same few people. Per key the newest row stands, unless it only repeats the rows
    before it, in which case the first of those stands; so all of these are kept, and the one before them.
    """
    places: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[tuple(row.get(name) for name in key)].append(place)
    if len(places) == len(rows):
        return range(len(rows))
    kept: list[int] = []
    for told in places.values():
        told.sort(key=stamps.__getitem__)
        first = len(told) - 1
        while first and _repeats(told[first], told[first - 1], rows, stamps):
            first -= 1
        kept += told[max(first - 1, 0) :]
    return sorted(kept)


def _repeats(one: int, other: int, rows: Sequence[Mapping[str, Any]], stamps: Sequence[_Stamp]) -> bool:
    return stamps[one][1] == stamps[other][1] and rows[one] == rows[other]


def _reason(text: str) -> str:
    """One printable line."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"
