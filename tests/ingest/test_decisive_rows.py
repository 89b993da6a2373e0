"""Rows of an upsert that are left out before it make no difference to what stands in the end."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from itpm_pipeline.ingest.mapping import decisive

Told = tuple[int, str, str, str]
"""Second, version of the record, key, name."""

versions = st.sampled_from(["r:1", "r:2", "s:1"])
told = st.tuples(st.integers(0, 6), versions, st.sampled_from("ab"), st.sampled_from("xy"))


def standing(sequence: list[Told]) -> dict[str, Told]:
    """What an upsert leaves: per key the newest row, the first one where rows only repeat each other."""
    stands: dict[str, Told] = {}
    last: dict[str, Told] = {}
    for row in sorted(sequence, key=lambda row: row[:2]):
        key = row[2]
        if key not in last or last[key][1:] != row[1:]:
            stands[key] = row
        last[key] = row
    return stands


def left(rows: list[Told]) -> list[Told]:
    as_dicts: list[dict[str, Any]] = [{"key": key, "name": name} for _, _, key, name in rows]
    return [rows[place] for place in decisive(as_dicts, [(row[0], row[1]) for row in rows], ["key"])]  # type: ignore[misc]


@given(stored=st.lists(told, max_size=2), rows=st.lists(told, max_size=8))
def test_the_same_rows_stand(stored, rows):
    assert standing(list(standing(stored).values()) + left(rows)) == standing(list(standing(stored).values()) + rows)


def test_a_person_of_many_issues_is_told_twice():
    rows = [(second, f"issue{second}:1", "ann", "Ann") for second in range(100)]
    assert left(rows) == rows[-2:]


def test_keys_that_come_once_stay_as_they_are():
    rows = [(2, "r:1", "b", "x"), (1, "s:1", "a", "y")]
    assert left(rows) == rows
