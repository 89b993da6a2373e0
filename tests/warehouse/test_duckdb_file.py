"""The warehouse as a file: addresses, foreign programs on it, and a copy that takes the published one's place."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from warehouse_kinds import duckdb_kind

from itpm_pipeline.errors import ConfigurationError, LockedError, WarehouseError
from itpm_pipeline.warehouse import publish
from itpm_pipeline.warehouse.duckdb import published_path, working_path
from itpm_pipeline.warehouse.engine import open_published, open_warehouse


@pytest.fixture(scope="session")
def kind(tmp_path_factory):
    """Only this one."""
    return duckdb_kind(tmp_path_factory.mktemp("prepared_file"))


@pytest.mark.parametrize(
    "url",
    ["mysql://host/db", "data/warehouse.duckdb", "duckdb:///", "duckdb:///:memory:", "duckdb:///data/core.duckdb"],
)
def test_other_urls_are_refused(url):
    with pytest.raises(ConfigurationError, match=r"warehouse\.url"):
        open_warehouse(url)


def test_a_foreign_program_on_the_working_file_is_told(warehouse, url):
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(working_path(url))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(LockedError, match=str(holder.pid)), warehouse.reading():
            pass


def test_the_working_file_is_written_as_we_want_it(warehouse):
    """Some settings DuckDB drops without a word when it gets them with the address."""
    wanted = {"checkpoint_threshold": "244.1 MiB", "disabled_compression_methods": "FSST", "TimeZone": "UTC"}
    with warehouse.reading() as conn:
        found = {name: conn.exec_driver_sql(f"SELECT current_setting('{name}')").scalar_one() for name in wanted}
    assert found == wanted


def test_publish_leaves_the_published_file_and_no_log(warehouse, url):
    done = warehouse.publish()
    path = published_path(url)
    assert done.place == str(path)
    assert done.bytes == path.stat().st_size
    assert {one.name for one in path.parent.iterdir()} == {
        "warehouse.duckdb", "warehouse.working.duckdb", "warehouse.working.duckdb.lock",
    }


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
    assert not list(Path(again.place).parent.glob("*.publishing-*"))


def test_a_published_log_left_by_a_foreign_writer_does_not_spoil_the_next_version(warehouse, url):
    path = warehouse.publish().place
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
