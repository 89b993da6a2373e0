"""Which commits are applied in one transaction."""

from datetime import UTC, datetime

import pytest

from itpm_pipeline.ingest.manifest import LandedFile, Manifest
from itpm_pipeline.ingest.planning import BATCH_RECORDS, batches

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def commit(*rows: int) -> Manifest:
    files = tuple(LandedFile(f"{number}.parquet", "issues", count) for number, count in enumerate(rows))
    return Manifest("toy", "jira", "PAY", "1", "run", NOW, NOW, None, None, None, files=files)


@pytest.mark.parametrize(
    ("sizes", "batched"),
    [
        ([], []),
        ([(), (), ()], [[0, 0, 0]]),
        ([(1,), (2, 3), (4,)], [[1, 5, 4]]),
        ([(BATCH_RECORDS,), (), (1,)], [[BATCH_RECORDS, 0], [1]]),
        ([(1,), (BATCH_RECORDS, BATCH_RECORDS), (1,)], [[1], [2 * BATCH_RECORDS], [1]]),
    ],
)
def test_commits_are_batched_in_their_order_up_to_a_number_of_records(sizes, batched):
    found = list(batches([commit(*rows) for rows in sizes]))
    assert [[sum(file.rows for file in one.files) for one in batch] for batch in found] == batched
