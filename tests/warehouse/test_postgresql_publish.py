"""Publishing on PostgreSQL: rows change in place, so readers neither wait nor see anything but whole versions."""

import itertools
import os
import signal
import threading
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from warehouse_kinds import postgresql_kind

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.errors import LockedError, WarehouseError
from itpm_pipeline.warehouse.ddl import declared_tables
from itpm_pipeline.warehouse.engine import open_published, open_warehouse
from itpm_pipeline.warehouse.ops import private

pytestmark = pytest.mark.slow

PERSON = core_table("person")


@pytest.fixture(scope="session")
def kind(postgres_server):
    """Only this one."""
    return postgresql_kind(postgres_server)


@pytest.fixture
def people(postgres_server, url):
    """Someone with an SQL tool, logged in as owner of the tables."""
    with postgres_server.connect(sa.make_url(url).database) as connection:
        yield connection


def build(warehouse: Any, *selects: str, schema: str = "mart") -> None:
    """What a build does: tables ``t0``, ``t1`` … made anew."""
    with warehouse.transaction() as conn:
        for number, select in enumerate(selects):
            conn.exec_driver_sql(f"DROP TABLE IF EXISTS working_{schema}.t{number} CASCADE")
            conn.exec_driver_sql(f"CREATE TABLE working_{schema}.t{number} AS {select}")


def rows(connection: psycopg.Connection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def test_tables_become_equal_with_duplicates_and_nulls(warehouse, people):
    versions = [
        "SELECT * FROM (VALUES (1, 'a', null), (1, 'a', null), (2, null, 0.5::float8)) AS v (x, y, z)",
        "SELECT * FROM (VALUES (1, 'a', null), (2, null, 0.5::float8), (2, null, 0.5), (3, '', 'nan')) AS v (x, y, z)",
        "SELECT 1 AS x, 'a' AS y, null::float8 AS z WHERE false",
        "SELECT * FROM (VALUES (null::int, null, null::float8), (null, null, null)) AS v (x, y, z)",
    ]
    for select in versions:
        build(warehouse, select)
        warehouse.publish()
        for a, b in (("mart", "working_mart"), ("working_mart", "mart")):
            assert rows(people, f"SELECT * FROM {a}.t0 EXCEPT ALL SELECT * FROM {b}.t0") == []


def test_rows_that_stay_are_not_written_again(warehouse, people):
    def places() -> list[tuple[Any, ...]]:
        return rows(people, "SELECT ctid::text, xmin::text, x FROM mart.t0 WHERE x < 3 UNION ALL "
                            "SELECT ctid::text, xmin::text, 9 FROM core.person WHERE person_id = 'a' ORDER BY 3")

    with warehouse.transaction() as conn:
        conn.execute(sa.insert(PERSON), [{"person_id": "a"}, {"person_id": "b"}])
    build(warehouse, "SELECT x FROM generate_series(1, 3) AS x")
    warehouse.publish()
    before = places()
    with warehouse.transaction() as conn:
        conn.execute(sa.update(PERSON).where(PERSON.c.person_id == "b").values(display_name="Bo"))
    build(warehouse, "SELECT x FROM generate_series(1, 4) AS x WHERE x <> 3")
    warehouse.publish()
    assert places() == before
    assert rows(people, "SELECT x FROM mart.t0 ORDER BY x") == [(1,), (2,), (4,)]
    assert rows(people, "SELECT person_id, display_name FROM core.person ORDER BY 1") == [("a", None), ("b", "Bo")]
    with warehouse.transaction() as conn:
        conn.execute(sa.delete(PERSON).where(PERSON.c.person_id == "b"))
    warehouse.publish()
    assert rows(people, "SELECT person_id FROM core.person") == [("a",)]


def test_a_long_reading_sees_one_version_and_holds_nobody_up(warehouse, people, postgres_server, url):
    build(warehouse, "SELECT 1 AS v", "SELECT 1 AS v")
    warehouse.publish()
    with open_published(url) as published:
        assert published.query("SELECT v FROM mart.t0").to_pylist() == [{"v": 1}]
        people.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert rows(people, "SELECT v FROM mart.t0") == [(1,)]
        build(warehouse, "SELECT 2 AS v", "SELECT 2 AS v")
        warehouse.publish()
        assert rows(people, "SELECT v FROM mart.t0 UNION ALL SELECT v FROM mart.t1") == [(1,), (1,)]
        people.execute("COMMIT")
        assert rows(people, "SELECT v FROM mart.t0 UNION ALL SELECT v FROM mart.t1") == [(2,), (2,)]
        assert published.query("SELECT v FROM mart.t1").to_pylist() == [{"v": 1}]


def test_what_people_make_of_tables_stays(warehouse, people):
    build(warehouse, "SELECT 1 AS v")
    warehouse.publish()
    people.execute("CREATE SCHEMA bi")
    people.execute("CREATE VIEW bi.mine AS SELECT v FROM mart.t0")
    build(warehouse, "SELECT 7 AS v")
    warehouse.publish()
    assert rows(people, "SELECT v FROM bi.mine") == [(7,)]


def test_columns_follow_a_new_release(warehouse, people):
    build(warehouse, "SELECT 1 AS gone, 2 AS kept, 3 AS retyped")
    warehouse.publish()
    people.execute("CREATE SCHEMA bi")
    people.execute("CREATE VIEW bi.mine AS SELECT kept FROM mart.t0")
    build(warehouse, "SELECT 'x' AS added, 2 AS kept, 3.5::float8 AS retyped")
    warehouse.publish()
    assert rows(people, "SELECT added, kept, retyped FROM mart.t0") == [("x", 2, 3.5)]
    with pytest.raises(psycopg.errors.UndefinedColumn):
        people.execute("SELECT gone FROM mart.t0")
    assert rows(people, "SELECT kept FROM bi.mine") == [(2,)]


def test_a_view_on_a_column_that_goes_is_told_and_the_last_version_stays(warehouse, people):
    build(warehouse, "SELECT 1 AS gone, 2 AS kept")
    warehouse.publish()
    people.execute("CREATE SCHEMA bi")
    people.execute("CREATE VIEW bi.mine AS SELECT gone FROM mart.t0")
    build(warehouse, "SELECT 3 AS kept")
    with pytest.raises(WarehouseError, match=r"mart\.t0.*view bi\.mine depends on.*readers keep the last version"):
        warehouse.publish()
    assert rows(people, "SELECT gone, kept FROM mart.t0") == [(1, 2)]
    people.execute("DROP VIEW bi.mine")
    warehouse.publish()
    assert rows(people, "SELECT * FROM mart.t0") == [(3,)]


def test_a_table_that_no_model_makes_any_more_goes(warehouse, people):
    build(warehouse, "SELECT 1 AS v", "SELECT 1 AS v")
    warehouse.publish()
    with warehouse.transaction() as conn:
        conn.exec_driver_sql("DROP TABLE working_mart.t1")
    warehouse.publish()
    assert rows(people, "SELECT to_regclass('mart.t0') IS NULL, to_regclass('mart.t1') IS NULL") == [(False, True)]


def test_published_tables_have_keys_comments_and_indexes_for_typical_questions(warehouse, people):
    build(warehouse, "SELECT 'a' AS issue_key, 'p' AS project_id, 1 AS v")
    with warehouse.transaction() as conn:
        conn.exec_driver_sql("COMMENT ON TABLE working_mart.t0 IS 'One row per issue: 100%%'")
        conn.exec_driver_sql("COMMENT ON COLUMN working_mart.t0.v IS 'It''s a value.'")
    warehouse.publish()
    keys = {
        (schema, table): tuple(columns)
        for schema, table, columns in rows(people, """
            SELECT n.nspname, c.relname,
                array_agg(a.attname::text ORDER BY array_position(i.indkey::int[], a.attnum::int))
            FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
            WHERE i.indisprimary AND n.nspname IN ('core', 'ops') GROUP BY 1, 2
        """)
    }
    declared = [table for table in declared_tables() if table.metadata is not private]
    assert keys == {(table.schema, table.name): table.info["key"] for table in declared}
    undocumented = rows(people, """
        SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname IN ('core', 'ops') AND c.relkind = 'r'
            AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)
    """)
    assert undocumented == []
    assert rows(people, "SELECT obj_description('mart.t0'::regclass), col_description('mart.t0'::regclass, 3)") == [
        ("One row per issue: 100%", "It's a value.")
    ]
    indexed = rows(people, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'mart'")
    assert sorted(text.rpartition("(")[2] for (text,) in indexed) == ["issue_key)", "project_id)"]
    build(warehouse, "SELECT 'a' AS issue_key, 'p' AS project_id, 1 AS v")
    warehouse.publish()
    assert rows(people, "SELECT col_description('mart.t0'::regclass, 3)") == [(None,)]


def test_a_foreign_lock_is_told_and_nothing_is_published(warehouse, people, url):
    build(warehouse, "SELECT 1 AS v", "SELECT 1 AS v")
    warehouse.publish()
    people.execute("BEGIN")
    people.execute("LOCK TABLE mart.t1 IN ACCESS EXCLUSIVE MODE")
    build(warehouse, "SELECT 2 AS v", "SELECT 2 AS v")
    with pytest.raises(LockedError, match="another session locks"):
        warehouse.publish()
    people.execute("COMMIT")
    with open_published(url) as published:
        assert published.query("SELECT v FROM mart.t0").to_pylist() == [{"v": 1}]


def publish_and_die(url: str, instant: int) -> int:
    """Publish in a process of its own, which is killed before that statement; 0 when it got through."""
    process = os.fork()
    if process == 0:
        statements = itertools.count(1)

        def count(*_: object) -> None:
            if next(statements) == instant:
                os.kill(os.getpid(), signal.SIGKILL)

        sa.event.listen(sa.Engine, "before_cursor_execute", count)
        open_warehouse(url, lock_wait_seconds=30).publish()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_a_kill_at_any_instant_of_publishing_leaves_a_whole_version(warehouse, people, url):
    build(warehouse, "SELECT 1 AS v", "SELECT 1 AS v")
    warehouse.publish()
    build(warehouse, "SELECT 2 AS v", "SELECT 2 AS v")
    both = "SELECT (SELECT v FROM mart.t0), (SELECT v FROM mart.t1), (SELECT max(version) FROM ops.published_version)"
    for instant in range(1, 130, 6):
        assert publish_and_die(url, instant) == -signal.SIGKILL
        assert rows(people, both) == [(1, 1, 1)]
    assert publish_and_die(url, 1_000_000) == 0
    assert rows(people, both) == [(2, 2, 2)]


def test_readers_see_whole_versions_only_and_do_not_wait(warehouse, people, postgres_server, url):
    """Three readers ask for two tables at once, all the time."""
    build(warehouse, *(["SELECT 0 AS v, x FROM generate_series(1, 200) AS x"] * 2))
    warehouse.publish()
    stop, seen, failures = threading.Event(), [], []

    def read() -> None:
        try:
            with postgres_server.connect(sa.make_url(url).database) as connection:
                connection.execute("SET lock_timeout = '500ms'")
                while not stop.is_set():
                    (found,) = rows(connection, "SELECT min(v), max(v), count(*) FROM ("
                                                "SELECT * FROM mart.t0 UNION ALL SELECT * FROM mart.t1) AS both_tables")
                    assert found[0] == found[1], found
                    assert found[2] == 400, found
                    seen.append(found[0])
        except (psycopg.Error, AssertionError) as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, 9):
        build(warehouse, *([f"SELECT {version} AS v, x FROM generate_series(1, 200) AS x"] * 2))
        warehouse.publish()
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(seen) > 50
    assert len(set(seen)) > 3
