"""Versions as tables: nothing is lost on the way to another process."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from itpm_pipeline.ingest.landing import instants
from itpm_pipeline.ingest.versions import VERSION_COLUMNS, Version, table_of, versions_in

NOW = datetime(2026, 11, 16, 8, 0, 0, 123456, tzinfo=UTC)
VERSIONS = [
    Version("issues", "1", NOW, "aa", "toy/issues/1.parquet", 0),
    Version("changelogs", "ä", datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "bb", "f", 2**40, is_late=True),
]


@pytest.mark.parametrize("versions", [[], VERSIONS[:1], VERSIONS])
def test_versions_come_back_from_their_table(versions):
    assert versions_in(table_of(versions)) == versions


def test_whether_a_version_is_late_may_be_left_out():
    told = versions_in(table_of(VERSIONS).select(VERSION_COLUMNS))
    assert told == [version._replace(is_late=False) for version in VERSIONS]


def test_instants_are_those_that_arrow_reads():
    told = [NOW + timedelta(days=day, microseconds=7 * day) for day in range(-40_000, 40_000, 999)]
    column = pa.chunked_array([pa.array(part, pa.timestamp("us", tz="UTC")) for part in (told[:5], [], told[5:])])
    assert instants(column) == column.to_pylist() == told
    assert all(at.tzinfo is UTC for at in instants(column))
