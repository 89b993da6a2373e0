"""``itpm sql``: a read-only query on the published warehouse."""

import csv
import io
import json
import re
import sys
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from itpm_pipeline.cli.terminal import printable
from itpm_pipeline.config import load_settings
from itpm_pipeline.warehouse.engine import open_published

_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How text begins that a spreadsheet runs; the last four are wide forms of the first four."""


class Format(StrEnum):
    """How a result is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("sql")
    def command(
        query: Annotated[str, typer.Argument(help="The query; schemas are mart, core, int and ops.")],
        output: Annotated[Format, typer.Option("--format", "-f", help="How to write the result.")] = Format.TABLE,
        limit: Annotated[int, typer.Option(help="Most rows to show as a table.", min=1)] = 100,
    ) -> None:
        """Run a read-only query on the published warehouse."""
        settings = load_settings(sections=("warehouse",))
        with open_published(settings.warehouse.url) as warehouse:
            result = warehouse.query(query)
        {Format.TABLE: _as_table, Format.CSV: _as_csv, Format.JSON: _as_json}[output](result, limit)


def _as_table(result: pa.Table, limit: int) -> None:
    table = Table()
    for name in result.column_names:
        table.add_column(name, overflow="fold")
    for row in result.slice(0, limit).to_pylist():
        table.add_row(*(Text(printable("" if value is None else str(value))) for value in row.values()))
    console = Console()
    console.print(table)
    if result.num_rows > limit:
        console.print(f"{limit} of {result.num_rows} rows; see all with --limit or --format csv")


def _as_csv(result: pa.Table, _limit: int) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(result.column_names)
    for row in result.to_pylist():
        writer.writerow([_cell(value) for value in row.values()])
    _write(written.getvalue())


def _cell(value: Any) -> Any:
    """A spreadsheet runs text that looks like a formula; an apostrophe keeps it text."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _as_json(result: pa.Table, _limit: int) -> None:
    _write(json.dumps(result.to_pylist(), default=_as_json_value, ensure_ascii=False, indent=1) + "\n")


def _write(text: str) -> None:
    """A file or another program gets all as it is; a terminal gets nothing that it would obey."""
    if sys.stdout.isatty():
        text = "\n".join(map(printable, text.split("\n")))
    sys.stdout.write(text)


def _as_json_value(value: Any) -> Any:
    """Sums come as decimals, and are numbers; instants are written as ISO 8601."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
