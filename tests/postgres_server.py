"""A PostgreSQL server of our own, from Debian's binaries, reached through a socket in a temporary folder only.

It is set up as an unfriendly one: passwords are asked for, the pipeline is no superuser, and text sorts by the rules of
a language (ICU, en-US), as in most installations.
"""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

RUNS_AS = "nobody"
"""PostgreSQL refuses to run as root; where tests are root, it runs as this user."""
ADMIN, OWNER = "postgres", "itpm"
PASSWORD = "s3cret/of:the@owner#1%"
"""Every character that means something in a URL."""


@dataclass
class Server:
    """A running server. ``itpm`` owns the databases of tests."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str, user: str = OWNER, password: str | None = PASSWORD) -> str:
        """As it stands in program.yaml; without a password, the driver looks for one in its own places."""
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql+psycopg://{user}{secret}@/{database}?host={self.folder}"

    def new_database(self, template: str = "template0") -> str:
        """Name of a fresh database: empty, or a copy of another one that nobody is connected to."""
        name = f"warehouse_{next(self._numbers)}"
        self.administrate(
            sql.SQL("create database {} owner {} template {}").format(*map(sql.Identifier, (name, OWNER, template)))
        )
        return name

    def administrate(self, *statements: sql.Composable, database: str = "postgres") -> None:
        """Run statements as superuser."""
        with self.connect(database, ADMIN) as connection:
            for statement in statements:
                connection.execute(statement)

    def connect(self, database: str, user: str = OWNER) -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(
            host=str(self.folder), dbname=database, user=user, password=PASSWORD, autocommit=True
        )


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, and stop it in the end; skips the test where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    if initdb is None:
        pytest.skip("needs PostgreSQL (apt-get install postgresql)")
    programs = Path(initdb).resolve().parent
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="itpm-pg-", dir=memory if os.access(memory, os.W_OK) else None))
    (folder / "password").write_text(PASSWORD)
    command: list[str] = []
    if os.getuid() == 0:
        user = pwd.getpwnam(RUNS_AS)
        for path in (folder, folder / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)
        command = ["runuser", "-u", RUNS_AS, "--"]
    data, log = folder / "data", folder / "log"
    subprocess.run(
        [*command, programs / "initdb", "-D", data, "-A", "scram-sha-256", "-U", ADMIN, "-E", "UTF8", "--no-sync",
         "--pwfile", folder / "password", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"],
        check=True, capture_output=True, cwd="/",
    )  # fmt: skip
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, programs / "postgres", "-D", data, "-c", "listen_addresses=", "-k", folder, "-c", "fsync=off",
             "-c", "full_page_writes=off", "-c", "max_connections=40"],
            stdout=output, stderr=subprocess.STDOUT, cwd="/",
        )  # fmt: skip
    try:
        _wait_for(folder / ".s.PGSQL.5432", server, log)
        started = Server(folder)
        started.administrate(
            sql.SQL("create role {} login password {}").format(sql.Identifier(OWNER), sql.Literal(PASSWORD))
        )
        yield started
    finally:
        subprocess.run([*command, programs / "pg_ctl", "-D", data, "stop", "-m", "immediate"], check=True,
                       capture_output=True, cwd="/")  # fmt: skip
        server.wait(30)
        shutil.rmtree(folder)


def _wait_for(socket: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while "ready to accept connections" not in log.read_text() or not socket.exists():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
