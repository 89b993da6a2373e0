"""Who may read what is written."""

import os
import stat
from pathlib import Path

import pytest

from itpm_pipeline.cli.dagster_process import prepare_home
from itpm_pipeline.privacy import make_private, open_as_folder
from itpm_pipeline.warehouse.engine import open_warehouse
from itpm_pipeline.warehouse.publish import replace_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def _careless(tmp_path: Path) -> object:
    """The usual umask, in a folder that everybody may read."""
    before = os.umask(0o022)
    tmp_path.chmod(0o755)
    yield
    os.umask(before)


def test_new_folders_are_for_their_owner_and_others_keep_their_rights(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "b")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b"), mode(tmp_path)] == [0o700, 0o700, 0o755]
    make_private(tmp_path / "a" / "b")


@pytest.mark.parametrize(("of_folder", "of_file"), [(0o700, 0o600), (0o750, 0o640), (0o755, 0o644), (0o777, 0o644)])
def test_the_folder_decides_who_reads_a_published_file(tmp_path: Path, of_folder: int, of_file: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(of_folder)
    source = tmp_path / "source"
    source.write_text("x")
    for _ in range(2):
        replace_file(source, folder / "warehouse.duckdb")
        assert mode(folder / "warehouse.duckdb") == of_file
    (folder / "report.html").write_text("x")
    open_as_folder(folder / "report.html")
    assert mode(folder / "report.html") == of_file


def test_a_warehouse_and_a_home_of_dagster_are_for_their_owner(tmp_path: Path) -> None:
    warehouse = open_warehouse(f"duckdb:///{tmp_path}/data/warehouse.duckdb")
    with warehouse.hold():
        warehouse.prepare()
        warehouse.publish()
    prepare_home(tmp_path / "home")
    folders = [tmp_path / "data", tmp_path / "home"]
    assert [mode(folder) for folder in folders] == [0o700, 0o700]
    assert {path.name: oct(mode(path)) for path in folders[0].iterdir() if mode(path) != 0o600} == {}
