"""A build whose blocking check fails: readers keep the last good version, on either kind of database."""

from pathlib import Path

import pytest

from itpm_pipeline.cli import build as build_command
from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.config import Settings
from itpm_pipeline.errors import ModelError
from itpm_pipeline.ingest.progress import Silent
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.warehouse.engine import open_published

YAML = """
models:
  - name: mart_a
    description: One row per x.
    columns: [{name: x, description: The x., tests: [unique]}]
"""


@pytest.fixture(params=["duckdb", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "duckdb":
        return f"duckdb:///{tmp_path}/warehouse.duckdb"
    server = request.getfixturevalue("postgres_server")
    return server.url(server.new_database())


def test_readers_keep_the_last_good_version(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(select: str) -> None:
        folder = tmp_path / "models"
        folder.mkdir(exist_ok=True)
        (folder / "models.yml").write_text(YAML, encoding="utf-8")
        (folder / "mart_a.sql").write_text(select, encoding="utf-8")
        monkeypatch.setattr(build_command, "load_project", lambda: load_project(folder))
        build_and_publish(Settings(warehouse={"url": url}), progress=Silent())

    def shown() -> list[object]:
        with open_published(url) as published:
            found = published.query("select x, (select max(version) from ops.published_version) as v from mart.mart_a")
            return [tuple(row.values()) for row in found.to_pylist()]

    build("select 1 as x")
    assert shown() == [(1, 1)]
    with pytest.raises(ModelError, match="the last good version stays published"):
        build("select 2 as x union all select 2")
    assert shown() == [(1, 1)]
    with pytest.raises(ModelError, match="mart_a"):
        build("select nonsense as x")
    assert shown() == [(1, 1)]
    build("select 3 as x")
    assert shown() == [(3, 2)]
