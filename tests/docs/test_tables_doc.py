"""docs/tables.md is what the code says, and says something of every table and column."""

import re
from pathlib import Path

import pytest

from itpm_pipeline.canonical.schema import metadata as core
from itpm_pipeline.modeling.dictionary import dictionary, main
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.warehouse.ops import metadata as ops

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


@pytest.fixture(scope="module")
def page() -> str:
    return dictionary(load_project())


def test_the_committed_page_is_in_step(page):
    assert PAGE.read_text(encoding="utf-8") == page, "run: python -m itpm_pipeline.modeling.dictionary docs/tables.md"


def test_every_table_of_mart_core_and_ops_is_there(page):
    marts = {f"mart.{model.name}" for model in load_project().models.values() if model.schema == "mart"}
    tables = {f"{table.schema}.{table.name}" for metadata in (core, ops) for table in metadata.tables.values()}
    assert set(re.findall(r"^### (.+)$", page, re.MULTILINE)) == marts | tables
    assert len(marts) >= 13


def test_no_column_is_without_a_meaning(page):
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 500
    assert [row for row in rows if not row.removesuffix("|").rstrip().rpartition("|")[2].strip()] == []


def test_it_is_written_to_a_file_or_printed(page, tmp_path, capsys):
    main([str(tmp_path / "tables.md")])
    main([])
    assert (tmp_path / "tables.md").read_text(encoding="utf-8") == capsys.readouterr().out == page
