"""The working file and the published one: schemas, transactions, locks, publishing."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.errors import ConfigurationError, LockedError, WarehouseError
from itpm_pipeline.warehouse import publish
from itpm_pipeline.warehouse.duckdb import published_path, working_path
from itpm_pipeline.warehouse.engine import open_published, open_warehouse

PERSON = core_table("person")


def count(conn: sa.Connection) -> int:
    return conn.execute(sa.select(sa.func.count()).select_from(PERSON)).scalar_one()


def add_person(conn: sa.Connection, key: str) -> None:
    conn.execute(sa.insert(PERSON).values(person_id=key))


@pytest.mark.parametrize(
    "url",
    ["mysql://host/db", "data/warehouse.duckdb", "duckdb:///", "duckdb:///:memory:", "duckdb:///data/core.duckdb",
     "postgresql+psycopg://host/db"],
)
def test_other_urls_are_refused(url):
    with pytest.raises(ConfigurationError, match=r"warehouse\.url"):
        open_warehouse(url)


def test_prepare_creates_commented_tables_in_four_schemas(warehouse):
    with warehouse.reading() as conn:
        schemas = {row[0] for row in conn.exec_driver_sql("SELECT schema_name FROM duckdb_schemas()")}
        assert {"core", "int", "mart", "ops"} <= schemas
        undocumented = conn.exec_driver_sql(
            "SELECT table_name, column_name FROM duckdb_columns() "
            "WHERE schema_name IN ('core', 'ops') AND comment IS NULL"
        ).fetchall()
        assert undocumented == []
        assert conn.exec_driver_sql("SELECT comment FROM duckdb_tables() WHERE table_name = 'issue'").scalar()


def test_prepare_adds_new_columns_and_corrects_comments(warehouse):
    with warehouse.transaction() as conn:
        add_person(conn, "a")
        conn.exec_driver_sql("ALTER TABLE core.person DROP COLUMN is_bot")
        conn.exec_driver_sql("COMMENT ON COLUMN core.person.email_sha256 IS 'outdated'")
        conn.exec_driver_sql("COMMENT ON TABLE core.person IS 'outdated'")
    warehouse.prepare()
    with warehouse.reading() as conn:
        assert conn.execute(sa.select(PERSON.c.person_id, PERSON.c.is_bot)).all() == [("a", None)]
        assert not conn.exec_driver_sql(
            "SELECT 1 FROM duckdb_columns() WHERE comment = 'outdated' UNION ALL "
            "SELECT 1 FROM duckdb_tables() WHERE comment = 'outdated'"
        ).fetchall()


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


def test_a_foreign_program_on_the_working_file_is_told(warehouse, url):
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(working_path(url))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(LockedError, match=str(holder.pid)), warehouse.reading():
            pass


def test_nothing_is_published_before_publish(url):
    with pytest.raises(WarehouseError, match="nothing was published"):
        open_published(url)


def test_publish_hands_over_what_is_committed_and_leaves_no_log(warehouse, url):
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
    assert second.path == published_path(url)
    assert second.bytes == second.path.stat().st_size
    assert {path.name for path in second.path.parent.iterdir()} == {
        "warehouse.duckdb", "warehouse.working.duckdb", "warehouse.working.duckdb.lock",
    }


def test_publish_inside_a_held_warehouse_has_all_transactions(warehouse, url):
    with warehouse.hold():
        with warehouse.transaction() as conn:
            add_person(conn, "a")
        warehouse.publish()
        with open_published(url) as published:
            assert published.query("SELECT person_id FROM core.person").num_rows == 1


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO core.person (person_id) VALUES ('x')", "CREATE TABLE mart.x (i INT)", "DROP TABLE core.person",
        "SELECT * FROM read_text('/etc/hostname')", "ATTACH '/tmp/other.duckdb'", "COPY core.person TO '/tmp/x.csv'",
        "SET enable_external_access = true", "INSTALL httpfs", "LOAD httpfs", "SELECT",
    ],
)
def test_published_queries_only_read_the_warehouse(warehouse, url, sql):
    warehouse.publish()
    with open_published(url) as published:
        with pytest.raises(WarehouseError):
            published.query(sql)
        assert published.query("SELECT count(*) FROM core.person").num_rows == 1


def test_sessions_are_in_utc(warehouse, url, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    query = "SELECT current_setting('TimeZone') AS zone"
    with warehouse.reading() as conn:
        assert conn.exec_driver_sql(query).scalar() == "UTC"
    warehouse.publish()
    with open_published(url) as published:
        assert published.query(query).to_pylist() == [{"zone": "UTC"}]


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


PUBLISH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from itpm_pipeline.warehouse import publish
from itpm_pipeline.warehouse.engine import open_warehouse
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "copying":
    def half(source, target):
        Path(target).write_bytes(Path(source).read_bytes()[:5000])
        die()
    publish.shutil.copyfile = half
elif sys.argv[2] == "copied":
    publish.Path.replace = die
else:
    real = os.fsync
    publish.os.fsync = lambda fd: die() if Path(f"/proc/self/fd/{fd}").resolve().is_dir() else real(fd)
open_warehouse(sys.argv[1]).publish()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("instant", "version"), [("copying", 1), ("copied", 1), ("renamed", 2)])
def test_a_kill_while_publishing_leaves_a_whole_version(warehouse, url, instant, version):
    warehouse.publish()
    died = subprocess.run([sys.executable, "-c", PUBLISH_AND_DIE, url, instant], check=False)
    assert died.returncode == -9
    with open_published(url) as published:
        found = published.query("SELECT max(version) AS v FROM ops.published_version").to_pylist()
        assert found == [{"v": version}]
    again = warehouse.publish()
    assert again.version == 3
    assert not list(again.path.parent.glob("*.publishing-*"))


def test_a_published_log_left_by_a_foreign_writer_does_not_spoil_the_next_version(warehouse, url):
    path = warehouse.publish().path
    Path(f"{path}.wal").write_bytes(b"changes that belong to the replaced file")
    warehouse.publish()
    with open_published(url) as published:
        assert published.query("SELECT 1").num_rows == 1


def test_publishing_where_it_cannot_be_written_is_told_and_keeps_the_last_version(warehouse, url, monkeypatch):
    warehouse.publish()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish.shutil, "copyfile", full)
    with pytest.raises(WarehouseError, match="No space left on device; the last published version stays"):
        warehouse.publish()
    with open_published(url) as published:
        assert published.query("SELECT max(version) AS v FROM ops.published_version").to_pylist() == [{"v": 1}]


def test_the_working_file_is_private(tmp_path):
    url = f"duckdb:///{tmp_path}/new/warehouse.duckdb"
    with open_warehouse(url).hold():
        assert stat.S_IMODE(working_path(url).stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WarehouseError, match="cannot create"), open_warehouse(
        f"duckdb:///{tmp_path}/file/warehouse.duckdb"
    ).hold():
        pass


def test_a_damaged_working_file_is_told(tmp_path):
    url = f"duckdb:///{tmp_path}/warehouse.duckdb"
    working_path(url).write_bytes(os.urandom(10_000))
    with pytest.raises(WarehouseError, match="opening"), open_warehouse(url).hold():
        pass
    with pytest.raises(duckdb.Error):
        duckdb.connect(str(working_path(url)))
