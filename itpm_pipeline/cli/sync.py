"""``itpm sync`` and ``itpm rebuild``: from the trackers, or from landing alone, to the core schema."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from itpm_pipeline.cli.progress import progress_bar
from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.errors import ConfigurationError, ItpmError
from itpm_pipeline.extract.records import SITE, OutcomeStatus
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.report import SyncReport
from itpm_pipeline.ingest.sync import sync


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""

    @app.command("sync")
    def sync_command(
        tracker: Annotated[list[str] | None, typer.Option(help="Only this tracker; may be repeated.")] = None,
        project: Annotated[
            list[str] | None, typer.Option(help="Only this project, tracker:key; may be repeated.")
        ] = None,
        full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print outcomes per project and stream as JSON.")] = False,
    ) -> None:
        """Fetch what changed, land it unchanged, and load it into the core schema."""
        settings = load_settings()
        _require_known(settings, tracker or [], project or [])
        with progress_bar() as bar:
            report = sync(settings, trackers=tracker, projects=project, full=full, progress=bar)
        if as_json:
            typer.echo(report.to_json())
        else:
            _show(report)
        _require_all_well(report)

    @app.command("rebuild")
    def rebuild_command() -> None:
        """Recreate core and marts from landing alone, without asking any tracker."""
        # Imported here because build imports nothing of sync and both are siblings.
        from itpm_pipeline.cli.build import build_and_publish

        settings = load_settings()
        with progress_bar() as bar:
            report = rebuild(settings, progress=bar)
        _show(report)
        _require_all_well(report)
        build_and_publish(settings)


def _require_known(settings: Settings, trackers: list[str], projects: list[str]) -> None:
    known = {tracker.name for tracker in settings.trackers}
    for name in [*trackers, *(project.partition(":")[0] for project in projects)]:
        if name not in known:
            raise ConfigurationError(f"there is no tracker {name!r} in program.yaml; known: {', '.join(sorted(known))}")
