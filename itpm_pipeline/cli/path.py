"""``itpm path``: what must be done before the issues asked for, and which of it decides when."""

from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from itpm_pipeline.analytics.dependency.asked import path_to
from itpm_pipeline.cli.terminal import printable
from itpm_pipeline.config import load_settings
from itpm_pipeline.errors import UsageError
from itpm_pipeline.warehouse.engine import Published, open_published

SHOWN = {
    "path_no": "no", "issue_key": "issue", "duration_days": "days", "start_date": "from", "finish_date": "to",
    "total_slack_days": "slack", "criticality_index": "critical", "due_date": "due",
}  # fmt: skip
"""Columns of mart_critical_path, and what they are called where room is scarce."""


@dataclass(frozen=True)
class _Stored:
    """A table of the published warehouse."""

    warehouse: Published
    schema: str
    name: str

    def arrow(self) -> pa.Table:
        return self.warehouse.query(f'select * from "{self.schema}"."{self.name}"')  # noqa: S608  a name of ours


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("path")
    def command(
        keys: Annotated[list[str], typer.Argument(help="Keys of issues or epics: PAY-12, acme/checkout#7.")],
    ) -> None:
        """Show everything the issues wait for, the critical path first, as of the last build."""
        settings = load_settings(sections=("warehouse",))
        with open_published(settings.warehouse.url) as warehouse:
            rows = path_to(lambda schema, name: _Stored(warehouse, schema, name), keys)
        if not rows:
            raise UsageError(f"{', '.join(keys)}: no open issue has this key in the last build.")
        table = Table()
        for heading in SHOWN.values():
            table.add_column(heading, overflow="fold", no_wrap=heading != "issue")
        for row in rows:
            table.add_row(*(Text(printable(_words(row[name]))) for name in SHOWN))
        Console().print(table)


def _words(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
