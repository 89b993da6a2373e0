"""The real archive behind the real commands: one sync, one build, and what a second and a full sync leave."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from archive_recount import Archive
from engine_comparison import FRESHNESS

from itpm_pipeline.warehouse.engine import open_published

ITPM = Path(sys.executable).with_name("itpm")
TOKEN = "replayed-token"
PROGRAM = """\
as_of: 2021-11-30T00:00:00Z
trackers:
  - {{name: tidev, kind: jira, url: "{url}", token: "${{ARCHIVE_TOKEN}}", projects: all}}
programs:
  - {{key: SDK, name: Titanium SDK, projects: ["tidev:TIMOB"]}}
"""
Snapshot = dict[str, tuple[int, str]]


def _tell(what: str) -> None:
    """Shown with ``pytest -s``."""
    sys.stdout.write(f"\n{what}")


@dataclass
class Station:
    """A folder with a program.yaml, and the command line run in it."""

    folder: Path
    token: str
    spoken: list[str] = field(default_factory=list)
    """Everything any command wrote: nobody may find the token there."""

    def itpm(self, *arguments: str) -> str:
        """Standard output of one command, which must succeed."""
        started = monotonic()
        done = subprocess.run(
            [ITPM, *arguments], cwd=self.folder, env={**os.environ, "ARCHIVE_TOKEN": self.token}, capture_output=True,
            text=True, timeout=300, check=False,
        )  # fmt: skip
        self.spoken += [done.stdout, done.stderr]
        assert done.returncode == 0, f"itpm {' '.join(arguments)}: {done.stderr[-2000:]}"
        _tell(f"itpm {' '.join(arguments)}: {monotonic() - started:.1f} s")
        return done.stdout

    def sync(self, *arguments: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.itpm("sync", "--json", *arguments))
        totals = report["totals"]
        _tell(f"  {totals['fetched']:,} records in {totals['requests']:,} requests, {totals['bytes'] / 1e6:.1f} MB")
        return report

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of the published warehouse."""
        with open_published(f"duckdb:///{self.folder}/data/warehouse.duckdb") as warehouse:
            return warehouse.query(query).to_pylist()

    def number(self, query: str) -> Any:
        (row,) = self.rows(query)
        (value,) = row.values()
        return value

    def snapshot(self) -> Snapshot:
        """Rows and fingerprint of the content of every table of core, int and mart; all of it but :data:`FRESHNESS`."""
        listed = self.rows(
            "select table_schema || '.' || table_name as name, list(column_name order by ordinal_position) as columns"
            " from information_schema.columns where table_schema in ('core', 'int', 'mart') group by 1"
        )
        counted = {}
        for table in listed:
            columns = ", ".join(f'"{column}"' for column in table["columns"] if column not in FRESHNESS)
            # The sum of hashes does not depend on the order of rows, and sees rows that are there twice.
            (row,) = self.rows(
                "select count(*) as n, cast(coalesce(sum(hash(t)), 0) as text) as fingerprint"
                f" from (select {columns} from {table['name']}) as t"
            )
            counted[table["name"]] = (row["n"], row["fingerprint"])
        return counted


@dataclass
class Told:
    """What the commands said and left, in the order they ran."""

    station: Station
    first: dict[str, Any]
    second: dict[str, Any]
    full: dict[str, Any]
    after_first: Snapshot
    after_second: Snapshot
    after_full: Snapshot


@pytest.fixture(scope="session")
def archive(shared: Path) -> Archive:
    return Archive(shared / "realdata" / "tidev-jira-archive")


@pytest.fixture(scope="session")
def served(shared: Path) -> Iterator[str]:
    """Address of a Data Center site that serves the archive."""
    program = shared / "replay" / "jira_archive.py"
    server = subprocess.Popen(
        [sys.executable, str(program), "--port", "0", "--token", TOKEN], stdout=subprocess.PIPE, text=True
    )
    with server:
        try:
            ready = server.stdout.readline()
            assert re.match(r"ready http://127\.0\.0\.1:\d+$", ready), ready
            yield ready.split()[1]
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def told(served: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    station = Station(tmp_path_factory.mktemp("archive"), TOKEN)
    (station.folder / "program.yaml").write_text(PROGRAM.format(url=served))
    first = station.sync()
    station.itpm("build")
    after_first = station.snapshot()
    second = station.sync()
    station.itpm("build")
    after_second = station.snapshot()
    full = station.sync("--full")
    station.itpm("build")
    return Told(station, first, second, full, after_first, after_second, station.snapshot())
