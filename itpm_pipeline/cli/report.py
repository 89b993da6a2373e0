"""``itpm report``: the program report as files."""

from pathlib import Path
from typing import Annotated

import typer

from itpm_pipeline.config import load_settings
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.reports.program.write import write_reports
from itpm_pipeline.warehouse.engine import open_published


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("report")
    def command(
        program: Annotated[str | None, typer.Option("--program", "-p", help="Key of a program; default: all.")] = None,
        out: Annotated[Path | None, typer.Option(help="Folder to write to; default: reports in program.yaml.")] = None,
    ) -> None:
        """Write a page per program (HTML, and Markdown for chats) from the published warehouse."""
        settings = load_settings(sections=("warehouse", "reports"))
        with open_published(settings.warehouse.url) as published:
            written = write_reports(published, load_project(), out or Path(settings.reports.url), program)
        for path in written:
            typer.echo(path)
