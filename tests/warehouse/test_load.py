"""How rows meet in a merge: examples, and random ones against a model written in plain Python."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itpm_pipeline.canonical.schema import arrow_schema, core_table
from itpm_pipeline.canonical.shape import Replaced, record_stamp
from itpm_pipeline.warehouse.load import MergeCounts, merge, merge_observations

PERSON, EVENT, BOARD_COLUMN = core_table("person"), core_table("issue_field_event"), core_table("board_column_status")
OBSERVATION, TEAM = core_table("field_observation"), core_table("team_setting")
SEVERAL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def warehouse(warehouse):
    """Kept open for the whole test."""
    with warehouse.hold():
        yield warehouse


def at(second: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)


def table_of(table: sa.Table, rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table))


def person(key: str, name: str, second: int, stamp: str = "r:1") -> dict[str, Any]:
    return {"person_id": key, "display_name": name, "synced_at": at(second), "_raw_hash": stamp}


def event(issue: str, history: str, text: str, second: int, record: str) -> dict[str, Any]:
    return {
        "issue_id": issue, "source_event_id": history, "item_ordinal": 0, "to_text": text, "synced_at": at(second),
        "_raw_hash": f"{record_stamp('changelogs', record)}:{second}",
    }


def replaced(issue: str, record: str) -> Replaced:
    return Replaced(issue, record_stamp("changelogs", record))


def stored(conn: sa.Connection, table: sa.Table, *names: str) -> list[tuple[Any, ...]]:
    columns = [table.c[name] for name in names]
    return sorted((tuple(row) for row in conn.execute(sa.select(*columns))), key=repr)


def test_upsert_counts_only_what_changes(warehouse):
    with warehouse.transaction() as conn:
        rows = [person("a", "Ann", 1), person("b", "Bob", 1)]
        assert merge(conn, PERSON, table_of(PERSON, rows)) == MergeCounts(inserted=2)
        assert merge(conn, PERSON, table_of(PERSON, rows)) == MergeCounts()
        told_again = [person("a", "Ann", 2), person("b", "Bo", 2)]
        assert merge(conn, PERSON, table_of(PERSON, told_again)) == MergeCounts(updated=1)
        assert stored(conn, PERSON, "person_id", "display_name", "synced_at") == [
            ("a", "Ann", at(1)), ("b", "Bo", at(2)),
        ]


def test_upsert_keeps_the_newest_whatever_comes_last(warehouse):
    with warehouse.transaction() as conn:
        merge(conn, PERSON, table_of(PERSON, [person("a", "new", 5)]))
        assert merge(conn, PERSON, table_of(PERSON, [person("a", "old", 3, "r:0")])) == MergeCounts()
        assert stored(conn, PERSON, "display_name") == [("new",)]


def test_of_equally_new_rows_the_last_wins(warehouse):
    with warehouse.transaction() as conn:
        merge(conn, PERSON, table_of(PERSON, [person("a", "first", 1), person("a", "last", 1)]))
        assert stored(conn, PERSON, "display_name") == [("last",)]


versions = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from(["r:1", "s:1"])), min_size=1, max_size=9
)


@pytest.mark.slow
@SEVERAL
@given(versions=versions, cuts=st.sets(st.integers(1, 8)), data=st.data())
def test_upsert_does_not_depend_on_how_versions_are_split(warehouse, versions, cuts, data):
    """Versions come in the order of time, in any number of merges, shuffled within each."""
    rows = [person(key, name, second, stamp) for second, (key, name, stamp) in enumerate(versions)]
    model: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = model.get(row["person_id"])
        if before is None or {**before, "synced_at": None} != {**row, "synced_at": None}:
            model[row["person_id"]] = row
    with warehouse.transaction() as conn:
        conn.execute(sa.delete(PERSON))
        start = 0
        for end in sorted(cuts | {len(rows)}):
            merge(conn, PERSON, table_of(PERSON, data.draw(st.permutations(rows[start:end]))))
            start = end
        assert stored(conn, PERSON, "person_id", "display_name", "synced_at", "_raw_hash") == sorted(
            ((r["person_id"], r["display_name"], r["synced_at"], r["_raw_hash"]) for r in model.values()), key=repr
        )


def test_replace_removes_children_that_vanished_and_leaves_the_unchanged_alone(warehouse):
    with warehouse.transaction() as conn:
        first = [event("i", "1", "a", 1, "i"), event("i", "2", "b", 1, "i")]
        assert merge(conn, EVENT, table_of(EVENT, first), [replaced("i", "i")]) == MergeCounts(inserted=2)
        second = [event("i", "1", "a", 2, "i"), event("i", "3", "c", 2, "i")]
        counts = merge(conn, EVENT, table_of(EVENT, second), [replaced("i", "i")])
        assert counts == MergeCounts(inserted=1, deleted=1)
        assert stored(conn, EVENT, "source_event_id", "synced_at") == [("1", at(1)), ("3", at(2))]
        assert merge(conn, EVENT, table_of(EVENT, []), [replaced("i", "i")]) == MergeCounts(deleted=2)


def test_replace_leaves_children_of_other_records_alone(warehouse):
    """Two records may tell of children of one issue: its own and the one of its links."""
    with warehouse.transaction() as conn:
        merge(conn, EVENT, table_of(EVENT, [event("i", "1", "a", 1, "i")]), [replaced("i", "i")])
        merge(conn, EVENT, table_of(EVENT, [event("i", "2", "b", 2, "other")]), [replaced("i", "other")])
        merge(conn, EVENT, table_of(EVENT, [event("j", "1", "a", 2, "j")]), [replaced("j", "j")])
        merge(conn, EVENT, table_of(EVENT, [event("i", "3", "c", 3, "i")]), [replaced("i", "i")])
        assert stored(conn, EVENT, "issue_id", "source_event_id") == [("i", "2"), ("i", "3"), ("j", "1")]


def test_of_two_records_that_claim_one_child_the_newer_has_it(warehouse):
    with warehouse.transaction() as conn:
        merge(conn, EVENT, table_of(EVENT, [event("i", "1", "new", 5, "a")]), [replaced("i", "a")])
        older = merge(conn, EVENT, table_of(EVENT, [event("i", "1", "old", 4, "b")]), [replaced("i", "b")])
        assert older == MergeCounts()
        newer = merge(conn, EVENT, table_of(EVENT, [event("i", "1", "newest", 6, "b")]), [replaced("i", "b")])
        assert newer == MergeCounts(updated=1)
        assert stored(conn, EVENT, "to_text") == [("newest",)]


@pytest.mark.slow
@SEVERAL
@given(
    batches=st.lists(
        st.dictionaries(
            st.sampled_from("pq"), st.dictionaries(st.sampled_from("123"), st.sampled_from("xy")), min_size=1
        ),
        min_size=1, max_size=5,
    )
)
def test_replace_agrees_with_a_model(warehouse, batches):
    """Each batch replaces the children of some records; all are children of one issue, under keys of their own."""
    model: dict[tuple[str, str], tuple[str, datetime]] = {}
    with warehouse.transaction() as conn:
        conn.execute(sa.delete(EVENT))
        for second, batch in enumerate(batches):
            before = dict(model)
            rows, scopes = [], []
            for record, children in batch.items():
                scopes.append(replaced("i", record))
                model = {key: kept for key, kept in model.items() if key[0] != record}
                for history, text in children.items():
                    rows.append(event("i", record + history, text, second, record))
                    key = (record, record + history)
                    old = before.get(key)
                    model[key] = old if old is not None and old[0] == text else (text, at(second))
            counts = merge(conn, EVENT, table_of(EVENT, rows), scopes)
            assert counts.inserted == len(model.keys() - before.keys())
            assert counts.deleted == len(before.keys() - model.keys())
            assert counts.updated == sum(before[key] != model[key] for key in before.keys() & model.keys())
        assert stored(conn, EVENT, "source_event_id", "to_text", "synced_at") == sorted(
            ((key[1], *value) for key, value in model.items()), key=repr
        )


def test_append_leaves_existing_keys_alone(warehouse):
    def column(name: str) -> dict[str, Any]:
        return {
            "board_id": "b", "status_id": "s", "observed_at": at(1), "column_name": name, "synced_at": at(1),
            "_raw_hash": "r:1",
        }

    with warehouse.transaction() as conn:
        assert merge(conn, BOARD_COLUMN, table_of(BOARD_COLUMN, [column("To do")])) == MergeCounts(inserted=1)
        assert merge(conn, BOARD_COLUMN, table_of(BOARD_COLUMN, [column("Doing")])) == MergeCounts()
        assert stored(conn, BOARD_COLUMN, "column_name") == [("To do",)]


def test_facts_become_what_is_given(warehouse):
    def team(key: str, name: str, second: int) -> dict[str, Any]:
        return {"team_key": key, "name": name, "synced_at": at(second), "_raw_hash": name}

    with warehouse.transaction() as conn:
        merge(conn, TEAM, table_of(TEAM, [team("a", "A", 1), team("b", "B", 1), team("c", "C", 1)]))
        counts = merge(conn, TEAM, table_of(TEAM, [team("a", "A", 2), team("b", "Bees", 2), team("d", "D", 2)]))
        assert counts == MergeCounts(inserted=1, updated=1, deleted=1)
        assert stored(conn, TEAM, "team_key", "name", "synced_at") == [
            ("a", "A", at(1)), ("b", "Bees", at(2)), ("d", "D", at(2)),
        ]


def observation(value: str | None, second: int, previous: int | None = None, entity: str = "i") -> dict[str, Any]:
    return {
        "entity_id": entity, "entity_kind": "issue", "field": "sprint", "observed_at": at(second), "value": value,
        "previous_read_at": None if previous is None else at(previous), "synced_at": at(second), "_raw_hash": "r:1",
    }


def test_only_changes_of_an_observed_value_are_kept(warehouse):
    with warehouse.transaction() as conn:
        for rows in (
            [observation("7", 10)],
            [observation("7", 20, 9)],
            [observation("8", 30, 19), observation("8", 31, 19), observation(None, 32, 19)],
            [observation(None, 40, 29)],
            [observation("8", 50, 39), observation("1", 50, 39, entity="j")],
        ):
            merge_observations(conn, OBSERVATION, table_of(OBSERVATION, rows))
        assert stored(conn, OBSERVATION, "entity_id", "observed_at", "value", "previous_read_at") == [
            ("i", at(10), "7", None),
            ("i", at(30), "8", at(19)),
            ("i", at(32), None, at(31)),
            ("i", at(50), "8", at(39)),
            ("j", at(50), "1", None),
        ]


@pytest.mark.slow
@SEVERAL
@given(values=st.lists(st.sampled_from(["7", "8", None]), min_size=1, max_size=9), cuts=st.sets(st.integers(1, 8)))
def test_observations_do_not_depend_on_how_they_are_split(warehouse, values, cuts):
    rows = [observation(value, second) for second, value in enumerate(values)]
    changes = [
        (row["observed_at"], row["value"])
        for place, row in enumerate(rows)
        if place == 0 or rows[place - 1]["value"] != row["value"]
    ]
    with warehouse.transaction() as conn:
        conn.execute(sa.delete(OBSERVATION))
        start = 0
        for end in sorted(cuts | {len(rows)}):
            merge_observations(conn, OBSERVATION, table_of(OBSERVATION, reversed(rows[start:end])))
            start = end
        assert stored(conn, OBSERVATION, "observed_at", "value") == sorted(changes, key=repr)


def test_a_scope_makes_sense_for_child_tables_only(warehouse):
    with warehouse.transaction() as conn, pytest.raises(ValueError, match="not replaced by scope"):
        merge(conn, PERSON, table_of(PERSON, []), [replaced("i", "i")])
