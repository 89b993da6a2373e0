"""A prepared warehouse of either kind, made once and copied for each test."""

from pathlib import Path

import pytest
from warehouse_kinds import Kind, duckdb_kind, postgresql_kind

from itpm_pipeline.warehouse.engine import Warehouse, open_warehouse


@pytest.fixture(scope="session", params=["duckdb", pytest.param("postgresql", marks=pytest.mark.slow)])
def kind(request, tmp_path_factory) -> Kind:
    if request.param == "postgresql":
        return postgresql_kind(request.getfixturevalue("postgres_server"))
    return duckdb_kind(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def url(kind: Kind, tmp_path: Path) -> str:
    return kind.new_url(tmp_path)


@pytest.fixture
def warehouse(url: str) -> Warehouse:
    return open_warehouse(url, lock_wait_seconds=0.2)
