"""The archive's tables on PostgreSQL: row for row those of the DuckDB file."""

from pathlib import Path

import pytest
from engine_comparison import different, tables_of

from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.config import load_settings
from itpm_pipeline.ingest.progress import Silent
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.warehouse.engine import open_published

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.xdist_group("jira_archive")]


def test_all_tables_are_the_same_on_postgresql(told, postgres_server, monkeypatch, record_property):
    folder: Path = told.station.folder
    monkeypatch.chdir(folder)
    address = postgres_server.url(postgres_server.new_database())
    variables = {"ARCHIVE_TOKEN": told.station.token, "ITPM_WAREHOUSE_URL": address}
    settings = load_settings(folder / "program.yaml", variables)
    assert rebuild(settings).failed == []
    build_and_publish(settings, progress=Silent())
    names = tables_of(load_project())
    with open_published(f"duckdb:///{folder}/data/warehouse.duckdb") as file, open_published(address) as server:
        found = different(file, server, names)
        assert server.query("select count(*) as n from core.issue").to_pylist() == [{"n": 7608}]
    record_property("tables that are the same", f"{len(names) - len(found)} of {len(names)}")
    assert found == []
