"""What those who map records have to know of core's tables.

Apart from ``schema``, because processes that only map start twice as fast without the library that describes tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

import pyarrow as pa


class Merge(StrEnum):
    """How incoming rows meet existing ones."""

    UPSERT = "upsert"
    REPLACE = "replace"
    APPEND = "append"
    FACTS = "facts"


COMMON: tuple[tuple[str, str, str], ...] = (
    ("source", "text", "Tracker kind (jira, github) or config."),
    ("instance", "text", "Tracker name in program.yaml; config for facts from files."),
    ("synced_at", "instant", "Our clock when the version of the record behind this row was fetched."),
    ("_raw_hash", "text", "Hash of the raw record (or part of it) this row was mapped from."),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A table of core: how rows are merged, its key, the column by which children are replaced, and all columns."""

    merge: Merge
    key: tuple[str, ...]
    replace_by: str | None
    columns: pa.Schema


Shapes = Mapping[str, Shape]
"""By name of the table, without its schema."""


class Replaced(NamedTuple):
    """Child rows of one record that are replaced: ``scope`` is a value of the table's ``replace_by`` column."""

    scope: str
    record: str


def record_stamp(stream: str, native_id: str) -> str:
    """Sixteen hexadecimal digits that stand for one record of a tracker."""
    return blake2b(f"{stream}\0{native_id}".encode(), digest_size=8).hexdigest()
