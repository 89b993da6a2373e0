"""What every kind of warehouse promises: schemas, transactions, locks, publishing."""

import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from warehouse_kinds import columns_of, working

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.errors import LockedError, WarehouseError
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.ddl import declared_tables
from itpm_pipeline.warehouse.engine import open_published, open_warehouse

PERSON = core_table("person")


def count(conn: sa.Connection) -> int:
    return conn.execute(sa.select(sa.func.count()).select_from(PERSON)).scalar_one()


def add_person(conn: sa.Connection, key: str) -> None:
    conn.execute(sa.insert(PERSON).values(person_id=key))


def test_prepare_creates_commented_tables_in_four_schemas(warehouse, kind):
    with warehouse.transaction() as conn:
        for schema in ("core", "int", "mart", "ops"):
            conn.exec_driver_sql(f"CREATE TABLE {working(conn, schema)}.probe AS SELECT 1 AS x")
            assert columns_of(conn, schema, "probe") == ["x"]
            conn.exec_driver_sql(f"DROP TABLE {working(conn, schema)}.probe")
        comments = {
            (schema, table, column): comment
            for schema, table, column, comment in conn.exec_driver_sql(kind.comments)
            if schema in ("core", "ops")
        }
    assert comments == {
        (table.schema, table.name, column): comment
        for table in declared_tables()
        for column, comment in [(None, table.comment), *((one.name, one.comment) for one in table.columns)]
    }


def test_prepare_adds_new_columns_and_corrects_comments(warehouse, kind):
    with warehouse.transaction() as conn:
        add_person(conn, "a")
        person = f"{working(conn, 'core')}.person"
        conn.exec_driver_sql(f"ALTER TABLE {person} DROP COLUMN is_bot")
        conn.exec_driver_sql(f"COMMENT ON COLUMN {person}.email_sha256 IS 'outdated'")
        conn.exec_driver_sql(f"COMMENT ON TABLE {person} IS 'outdated'")
    warehouse.prepare()
    with warehouse.reading() as conn:
        assert conn.execute(sa.select(PERSON.c.person_id, PERSON.c.is_bot)).all() == [("a", None)]
        assert "outdated" not in {row[3] for row in conn.exec_driver_sql(kind.comments)}


def test_a_transaction_is_kept_whole_or_not_at_all(warehouse):
    def fail(conn: sa.Connection) -> None:
        add_person(conn, "a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), warehouse.transaction() as conn:
        fail(conn)
    with warehouse.transaction() as conn:
        add_person(conn, "b")
    with warehouse.reading() as conn:
        assert conn.execute(sa.select(PERSON.c.person_id)).all() == [("b",)]


def test_database_errors_are_warehouse_errors(warehouse):
    with pytest.raises(WarehouseError, match="no_such_table"), warehouse.reading() as conn:
        conn.exec_driver_sql("SELECT * FROM core.no_such_table")


def test_threads_of_one_process_write_one_after_the_other(warehouse):
    warehouse._wait = 30

    def write(name: str) -> None:
        for number in range(5):
            with warehouse.transaction() as conn:
                add_person(conn, f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    with warehouse.hold():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with warehouse.reading() as conn:
        assert count(conn) == 15


HOLD = """
import sys
from itpm_pipeline.warehouse.engine import open_warehouse
with open_warehouse(sys.argv[1]).hold():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_named_when_it_holds_the_warehouse(warehouse, url):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=rf"process {holder.pid}\b.*Try again"), warehouse.transaction():
            pass
        holder.kill()
        holder.wait()
        # The lock dies with its holder.
        with warehouse.transaction() as conn:
            assert count(conn) == 0


def test_one_that_waits_gets_in_when_the_holder_ends(url):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert holder.stdin is not None
        threading.Timer(0.2, holder.stdin.close).start()
        with open_warehouse(url, lock_wait_seconds=30).transaction() as conn:
            assert count(conn) == 0


def test_nothing_is_published_before_publish(url):
    with pytest.raises(WarehouseError, match="nothing was published"):
        open_published(url)


def test_publish_hands_over_what_is_committed(warehouse, url):
    with warehouse.transaction() as conn:
        add_person(conn, "a")
    first = warehouse.publish()
    with warehouse.transaction() as conn:
        add_person(conn, "b")
    with open_published(url) as published:
        assert published.query("SELECT person_id FROM core.person").to_pylist() == [{"person_id": "a"}]
    second = warehouse.publish()
    with open_published(url) as published:
        assert published.query("SELECT count(*) AS n FROM core.person").to_pylist() == [{"n": 2}]
    assert (first.version, second.version) == (1, 2)
    assert second.bytes > 1000


def test_what_is_remembered_for_the_next_build_is_not_published(warehouse, url):
    warehouse.prepare()
    warehouse.publish()
    warehouse.publish()
    with open_published(url) as published:
        tables = published.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'ops'")
    shown = set(tables["table_name"].to_pylist())
    assert shown == {table.name for table in ops.metadata.sorted_tables}
    with warehouse.reading() as conn:
        assert [conn.execute(sa.select(table)).all() for table in ops.private.sorted_tables] == [[]] * 4


def test_publish_inside_a_held_warehouse_has_all_transactions(warehouse, url):
    with warehouse.hold():
        with warehouse.transaction() as conn:
            add_person(conn, "a")
        warehouse.publish()
        with open_published(url) as published:
            assert published.query("SELECT person_id FROM core.person").num_rows == 1


def test_published_queries_only_read_the_warehouse(warehouse, url, kind):
    with warehouse.transaction() as conn:
        add_person(conn, "a")
    warehouse.publish()
    for sql in kind.refused:
        with open_published(url) as published:
            with pytest.raises(WarehouseError):
                published.query(sql)
            assert published.query("SELECT person_id FROM core.person").to_pylist() == [{"person_id": "a"}], sql


def test_what_readers_ask_has_the_types_of_the_warehouse(warehouse, url):
    warehouse.publish()
    with open_published(url) as published:
        found = published.query(
            "SELECT CAST(7 AS BIGINT) AS i, CAST(0.5 AS DOUBLE PRECISION) AS d, 'x' || chr(8364) AS t, true AS b, "
            "DATE '2026-02-03' AS day, TIMESTAMPTZ '2026-02-03 04:05:06.789+02' AS at, "
            "CAST(12.34 AS DECIMAL(18, 2)) AS money, CAST(NULL AS BIGINT) AS nothing"
        )
        empty = published.query("SELECT * FROM core.person")
    assert found.to_pylist() == [{
        "i": 7, "d": 0.5, "t": "x€", "b": True, "day": date(2026, 2, 3),
        "at": datetime(2026, 2, 3, 2, 5, 6, 789000, tzinfo=UTC), "money": Decimal("12.34"), "nothing": None,
    }]  # fmt: skip
    assert str(found.schema.field("nothing").type) == "int64"
    assert empty.num_rows == 0
    assert empty.column_names == PERSON.columns.keys()


def test_sessions_are_in_utc(warehouse, url, kind, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    with warehouse.reading() as conn:
        assert conn.exec_driver_sql(kind.zone).scalar() == "UTC"
    warehouse.publish()
    with open_published(url) as published:
        assert published.query(kind.zone).to_pylist() == [{"zone": "UTC"}]


READER = """
import sys
from pathlib import Path
from itpm_pipeline.warehouse.engine import open_published
stop, seen = Path(sys.argv[2]), []
while not stop.exists() or len(seen) < 20:
    with open_published(sys.argv[1]) as published:
        a, b = published.query("SELECT (SELECT count(*) FROM core.person) a, (SELECT count(*) FROM core.team) b")
    assert a.to_pylist() == b.to_pylist(), (a, b)
    seen.append(a[0].as_py())
assert seen == sorted(seen), seen
print(len(seen), len(set(seen)))
"""


@pytest.mark.slow
def test_readers_see_whole_versions_only(warehouse, url, tmp_path):
    """A reader opens the file again and again while versions are published: never an error, never half of one."""
    warehouse.publish()
    stop = tmp_path / "stop"
    with subprocess.Popen(
        [sys.executable, "-c", READER, url, str(stop)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as reader:
        for number in range(12):
            with warehouse.transaction() as conn:
                add_person(conn, str(number))
                conn.execute(sa.insert(core_table("team")).values(team_id=str(number)))
            warehouse.publish()
        stop.touch()
        out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err
    assert int(out.split()[0]) >= 20
