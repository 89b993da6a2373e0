"""A PostgreSQL server that is away, refuses, or hangs up: one line each, which never has the password."""

import subprocess
import sys
import traceback
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from warehouse_kinds import postgresql_kind

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.errors import ConfigurationError, ItpmError, WarehouseError
from itpm_pipeline.warehouse.engine import open_published, open_warehouse

PERSON = core_table("person")
ROLES = Path(__file__).resolve().parents[2] / "deploy" / "postgresql" / "roles.sql"
ODD = ("p/ss", "p@ss:word", "100%41#?", "'; drop table x --", 'sp ace"\\ü€')


@pytest.fixture(scope="session")
def kind(postgres_server):
    """Only this one."""
    return postgresql_kind(postgres_server)


def told(url: str) -> str:
    """The one line of the error that both ways to open a warehouse give."""
    lines = []
    for attempt in (lambda: open_warehouse(url, lock_wait_seconds=0.2).prepare(), lambda: open_published(url)):
        with pytest.raises(ItpmError) as caught:
            attempt()
        lines.append(str(caught.value))
        assert "\n" not in lines[-1]
    assert lines[0].partition(": ")[2] == lines[1].partition(": ")[2] or "permission" in lines[0]
    return lines[0]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql+psycopg://host", "names no database"),
        ("postgresql+psycopg://host/", "names no database"),
        ("postgresql+psycopg2://host/db", "postgresql\\+psycopg2: write"),
        ("postgresql+psycopg://itpm:pa@s3cret@host/db", "percent-encoded"),
        ("postgresql+psycopg://itpm:s3cret@host:s3cret/db", "percent-encoded"),
        ("s3cret", "unknown kind of database"),
    ],
)
def test_wrong_addresses_are_told_without_repeating_them(url, says):
    with pytest.raises(ConfigurationError, match=rf"warehouse\.url.*{says}") as caught:
        open_warehouse(url)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value)).replace(repr("s3cret"), "")


def test_an_unreachable_server_is_told(tmp_path):
    line = told(f"postgresql+psycopg://itpm:s3cret@/db?host={tmp_path}")
    assert line.startswith(f"cannot connect to postgresql://{tmp_path}/db as itpm: ")
    assert "No such file or directory" in line


def test_a_port_nobody_listens_at_is_told():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        line = told(f"postgresql+psycopg://itpm:s3cret@127.0.0.1:{port}/db")
    assert line.startswith(f"cannot connect to postgresql://127.0.0.1:{port}/db as itpm: ")
    assert "refused" in line


def test_a_missing_driver_is_told():
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from itpm_pipeline.warehouse.engine import open_warehouse\n"
        "open_warehouse('duckdb:///x.duckdb')\n"
        "try: open_warehouse('postgresql://host/db')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ConfigurationError warehouse.url: PostgreSQL needs a driver; install it with: pip")


@pytest.mark.slow
def test_a_wrong_or_missing_password_and_a_missing_database_are_told(postgres_server, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    line = told(postgres_server.url("postgres", password="wr0ng"))
    assert "password authentication failed" in line
    assert line.endswith("; check user and password")
    assert "PGPASSWORD" in told(postgres_server.url("postgres", password=None))
    assert told(postgres_server.url("nowhere")).endswith(
        'database "nowhere" does not exist; create it first (docs/postgresql.md)'
    )


@pytest.mark.slow
def test_missing_rights_are_told(postgres_server):
    database = postgres_server.new_database()
    password = sql.Literal("x")
    postgres_server.administrate(sql.SQL("create role nobody_special login password {}").format(password))
    with pytest.raises(WarehouseError, match=r"permission denied for database.*be allowed to create them as nobody_sp"):
        open_warehouse(postgres_server.url(database, "nobody_special", "x")).prepare()


@pytest.mark.slow
@pytest.mark.parametrize("secret", ODD)
def test_odd_passwords_work_and_are_never_told(postgres_server, monkeypatch, secret):
    database = postgres_server.new_database()
    role = f"odd_{ODD.index(secret)}"
    postgres_server.administrate(
        sql.SQL("create role {} login password {}").format(sql.Identifier(role), sql.Literal(secret)),
        sql.SQL("grant create on database {} to {}").format(sql.Identifier(database), sql.Identifier(role)),
    )
    url = postgres_server.url(database, role, secret)
    open_warehouse(url).prepare()
    monkeypatch.setenv("PGPASSWORD", secret)
    warehouse = open_warehouse(postgres_server.url(database, role, None))
    warehouse.publish()
    shown = []
    with open_published(url) as published, pytest.raises(WarehouseError) as caught:
        published.query("SELECT nonsense")
    shown.append(caught.value)
    with pytest.raises(WarehouseError) as caught, warehouse.transaction() as conn:
        conn.exec_driver_sql("SELECT nonsense")
    shown.append(caught.value)
    with pytest.raises(WarehouseError) as caught:
        open_published(postgres_server.url("nowhere", role, secret))
    shown.append(caught.value)
    with pytest.raises(WarehouseError) as caught:
        open_published(postgres_server.url("postgres", "nobody_at_all", secret))
    shown.append(caught.value)
    text = "".join("".join(traceback.format_exception(error)) for error in shown)
    for form in (secret, repr(secret)[1:-1], sa.make_url(url).render_as_string(hide_password=False)):
        assert form not in text
    with postgres_server.connect(database) as connection:
        activity = connection.execute("SELECT query, application_name FROM pg_stat_activity").fetchall()
    assert secret not in str(activity)


@pytest.mark.slow
def test_a_session_that_was_told_to_write_still_only_reads(kind, url):
    open_warehouse(url).publish()
    with open_published(url) as published:
        published.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        published.query("COMMIT")
        with pytest.raises(WarehouseError, match="read-only transaction"):
            published.query("DELETE FROM ops.published_version")
        with pytest.raises(WarehouseError, match="before any query"):
            published.query("SET TRANSACTION READ WRITE")


@pytest.mark.slow
def test_who_lost_the_lock_writes_nothing_more(kind, postgres_server, url):
    """The network ended the session that held the lock; another run may have begun since."""
    warehouse = open_warehouse(url, lock_wait_seconds=0.2)
    with warehouse.hold():
        with warehouse.transaction() as conn:
            conn.execute(sa.insert(PERSON).values(person_id="before"))
        postgres_server.administrate(
            sql.SQL(
                # Waits until it is gone.
                "select pg_terminate_backend(l.pid, 60000) from pg_locks as l "
                "join pg_database as d on d.oid = l.database where l.locktype = 'advisory' and d.datname = {}"
            ).format(sql.Literal(sa.make_url(url).database))
        )
        with pytest.raises(WarehouseError, match="was lost, so nothing more is written"), warehouse.transaction():
            pass
    with open_warehouse(url).transaction() as conn:
        assert conn.scalars(sa.select(PERSON.c.person_id)).all() == ["before"]


@pytest.mark.slow
def test_a_server_that_goes_away_meanwhile_is_told(kind, postgres_server, url):
    warehouse = open_warehouse(url, lock_wait_seconds=0.2)
    database = sa.make_url(url).database

    def write() -> None:
        with warehouse.transaction() as conn:
            conn.execute(sa.insert(PERSON).values(person_id="half"))
            postgres_server.administrate(
                sql.SQL("select pg_terminate_backend(pid) from pg_stat_activity where datname = {}").format(
                    sql.Literal(database)
                )
            )
            conn.execute(sa.insert(PERSON).values(person_id="rest"))

    with pytest.raises(WarehouseError, match=r"terminating connection|closed the connection"):
        write()
    with open_warehouse(url).transaction() as conn:
        assert conn.scalars(sa.select(PERSON.c.person_id)).all() == []


@pytest.mark.slow
def test_the_roles_of_the_documented_set_up_have_the_rights_they_need_and_no_others(postgres_server):
    database = postgres_server.new_database()
    postgres_server.administrate(
        sql.SQL("alter database {} owner to postgres").format(sql.Identifier(database)),
        sql.SQL("revoke create on database {} from public").format(sql.Identifier(database)),
    )
    script = sql.SQL(ROLES.read_text(encoding="utf-8"))
    for _ in range(2):  # a second time changes nothing
        postgres_server.administrate(script, database=database)
    postgres_server.administrate(sql.SQL("create role analyst login password 'x' in role itpm_reader"))
    warehouse = open_warehouse(postgres_server.url(database))
    warehouse.prepare()
    with warehouse.transaction() as conn:
        conn.exec_driver_sql("CREATE TABLE working_mart.t AS SELECT 1 AS v")
    warehouse.publish()
    with psycopg.connect(
        host=str(postgres_server.folder), dbname=database, user="analyst", password="x", autocommit=True
    ) as analyst:
        assert analyst.execute("SELECT v FROM mart.t").fetchall() == [(1,)]
        assert analyst.execute("SELECT count(*) FROM core.person").fetchall() == [(0,)]
        for forbidden in (
            "SELECT v FROM working_mart.t", "SELECT * FROM working_core.person", "DELETE FROM mart.t",
            "UPDATE core.person SET name = 'x'", "CREATE TABLE mart.mine (x int)", "CREATE TABLE public.mine (x int)",
            "DROP TABLE mart.t", "CREATE SCHEMA mine",
        ):  # fmt: skip
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn)):
                analyst.execute(forbidden)
    with open_published(postgres_server.url(database, "analyst", "x")) as published:
        assert published.query("SELECT max(version) AS v FROM ops.published_version").to_pylist() == [{"v": 1}]
