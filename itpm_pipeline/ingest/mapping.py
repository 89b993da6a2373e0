"""Turns raw records into Arrow tables of core rows; a record that does not fit is rejected, alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.schema import CORE, Merge, arrow_schema, metadata
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.extract.source import MappingContext, Source
from itpm_pipeline.ingest.absences import map_absence
from itpm_pipeline.ingest.manifest import ABSENCES
from itpm_pipeline.ingest.versions import Version
from itpm_pipeline.warehouse.load import Replaced, record_stamp

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


_Rows = list[tuple[int, Version, CanonicalRows]]
"""Position of a record, its version, and what it was mapped to."""

_Stamp = tuple[datetime, str]
"""What ``synced_at`` and ``_raw_hash`` of a row are."""

_COLUMNS = {table.name: frozenset(table.columns.keys()) for table in metadata.tables.values()}


def map_records(
    source: Source, context: MappingContext, records: Iterable[tuple[Version, RawRecord]]
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
                source.map_record(record, context, rows)
            _check_names(rows)
        except MappingError as error:
            mapped.rejected[position] = _reason(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a payload provokes costs this record only
            mapped.rejected[position] = _reason(f"{type(error).__name__}: {error}")
        else:
            fitting.append((position, version, rows))
    try:
        mapped.loads = _tabulate(source, fitting)
    except _UNFIT:
        kept: _Rows = []
        for one in fitting:
            try:
                _tabulate(source, [one])
            except _UNFIT as error:
                mapped.rejected[one[0]] = _reason(f"a value does not fit its column: {error}")
            else:
                kept.append(one)
        mapped.loads = _tabulate(source, kept)
    return mapped


_UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError)


def _check_names(rows: CanonicalRows) -> None:
    for name, found in rows.tables.items():
        for row in found:
            if not row.keys() <= _COLUMNS[name]:
                raise MappingError(f"table {name} has no column {min(row.keys() - _COLUMNS[name])!r}")


def _tabulate(source: Source, mapped: _Rows) -> list[Load]:
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
        stamp = (version.fetched_at, version.stamp)
        for name, added in found.tables.items():
            table = metadata.tables[f"{CORE}.{name}"]
            is_child = table.info["merge"] is Merge.REPLACE
            wanted: Sequence[dict[str, Any]] = added
            if is_child and version.is_late:
                scopes = set(found.replaced.get(name, ()))
                wanted = [row for row in added if row.get(table.info["replace_by"]) not in scopes]
            rows[turn if is_child else 0, name] += wanted
            stamps[turn if is_child else 0, name] += [stamp] * len(wanted)
        if not version.is_late:
            record = record_stamp(*version.key)
            for name, scopes_of in found.replaced.items():
                replaced[turn, name].extend(Replaced(scope, record) for scope in dict.fromkeys(scopes_of))
    return [
        Load(key[1], _arrow(source, key[1], rows.get(key, []), stamps.get(key, [])), tuple(replaced.get(key, ())))
        for key in sorted(rows.keys() | replaced.keys())
    ]


def _arrow(source: Source, name: str, rows: Sequence[dict[str, Any]], stamps: Sequence[_Stamp]) -> pa.Table:
    """Rows of one table, with the common columns: each row's stamp, and where all of them come from."""
    table = metadata.tables[f"{CORE}.{name}"]
    schema = arrow_schema(table)
    common = {
        "source": [source.kind] * len(rows),
        "instance": [source.tracker] * len(rows),
        "synced_at": [fetched_at for fetched_at, _ in stamps],
        "_raw_hash": [raw_hash for _, raw_hash in stamps],
    }
    values = (common.get(column.name) or [row.get(column.name) for row in rows] for column in schema)
    data = pa.Table.from_arrays(
        [pa.array(found, column.type) for found, column in zip(values, schema, strict=True)], schema=schema
    )
    for key in table.info["key"]:
        if data[key].null_count:
            raise ValueError(f"{name}.{key} is part of the key and must not be null")
    return data


def _reason(text: str) -> str:
    """One printable line."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"
