"""Reports of a warehouse that older models built: a line that says what to do."""

from typing import Any

import pyarrow as pa
import pytest

from itpm_pipeline.errors import OutdatedError
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.reports.program.collect import collect
from itpm_pipeline.reports.program.content import Report

PROJECT = load_project()


class OldTables:
    """A published warehouse with all columns but one, and without programs."""

    def __init__(self, missing: tuple[str, str]) -> None:
        self._missing = missing

    def query(self, sql: str) -> pa.Table:
        if "information_schema.columns" not in sql:
            return pa.table({"program_key": pa.array([], pa.string())})
        there = [(model.name, column.name) for model in PROJECT.models.values() for column in model.columns]
        return pa.Table.from_pylist(
            [{"table_name": name, "column_name": column} for name, column in there if (name, column) != self._missing]
        )


def collected(missing: tuple[str, str]) -> list[Report]:
    published: Any = OldTables(missing)
    return collect(published, PROJECT)


def test_a_column_that_reports_show():
    with pytest.raises(
        OutdatedError,
        match=r"^what is published was built by older models: mart_program_status has no column schedule_reason; "
        "run itpm build$",
    ):
        collected(("mart_program_status", "schedule_reason"))


def test_a_column_that_no_report_shows():
    assert collected(("mart_cfd", PROJECT.model("mart_cfd").columns[0].name)) == []
