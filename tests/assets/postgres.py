"""A PostgreSQL server of our own, reached through a socket in a temporary folder only."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "nobody"
"""PostgreSQL refuses to run as root; where tests are root, it runs as this user."""


@contextmanager
def postgres() -> Iterator[str]:
    """URL of an empty database; skips the test where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    if initdb is None:
        pytest.skip("needs PostgreSQL (apt-get install postgresql)")
    programs = Path(initdb).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="itpm-pg-"))
    command: list[str] = []
    if os.getuid() == 0:
        user = pwd.getpwnam(USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
        command = ["runuser", "-u", USER, "--"]
    data, log = folder / "data", folder / "log"
    subprocess.run(
        [*command, programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, cwd="/",
    )
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, programs / "postgres", "-D", data, "-c", "listen_addresses=", "-k", folder, "-c", "fsync=off"],
            stdout=output, stderr=subprocess.STDOUT, cwd="/",
        )
    try:
        wait_for(folder / ".s.PGSQL.5432", server, log)
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*command, programs / "pg_ctl", "-D", data, "stop", "-m", "immediate"], check=True,
                       capture_output=True, cwd="/")
        server.wait(30)
        shutil.rmtree(folder)


def wait_for(socket: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while "ready to accept connections" not in log.read_text() or not socket.exists():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
