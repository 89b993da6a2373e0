"""A prepared warehouse, made once and copied for each test."""

import shutil
from pathlib import Path

import pytest

from itpm_pipeline.warehouse.duckdb import working_path
from itpm_pipeline.warehouse.engine import Warehouse, open_warehouse


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    url = f"duckdb:///{tmp_path_factory.mktemp('prepared')}/warehouse.duckdb"
    open_warehouse(url).prepare()
    return working_path(url)


@pytest.fixture
def url(prepared: Path, tmp_path: Path) -> str:
    url = f"duckdb:///{tmp_path}/warehouse.duckdb"
    shutil.copyfile(prepared, working_path(url))
    return url


@pytest.fixture
def warehouse(url: str) -> Warehouse:
    return open_warehouse(url, lock_wait_seconds=0.2)
