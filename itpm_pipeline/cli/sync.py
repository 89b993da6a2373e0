"""``itpm sync`` and ``itpm rebuild``: from the trackers, or from landing alone, to the core schema."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.cli.progress import progress_bars
from itpm_pipeline.cli.terminal import printable
from itpm_pipeline.config import load_settings
from itpm_pipeline.errors import ItpmError, UsageError
from itpm_pipeline.extract.records import SITE, OutcomeStatus
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.manifest import ABSENCES
from itpm_pipeline.ingest.outcomes import SyncOutcome, SyncReport
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""

    @app.command("sync")
    def sync_command(
        tracker: Annotated[list[str] | None, typer.Option(help="Only this tracker; may be repeated.")] = None,
        project: Annotated[
            list[str] | None, typer.Option(help="Only this project, tracker:key; may be repeated; patterns are fine.")
        ] = None,
        full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")] = False,
        reconcile: Annotated[
            bool, typer.Option("--reconcile", help="Find as well what vanished, and what changed without telling.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print outcomes per project and stream as JSON.")] = False,
    ) -> None:
        """Fetch what changed, land it unchanged, and load it into the core schema."""
        if full and reconcile:
            raise UsageError("--full includes --reconcile: give one of them")
        depth = Depth.FULL if full else Depth.RECONCILE if reconcile else Depth.CHANGES
        settings = load_settings()
        with progress_bars() as progress:
            report = sync(settings, trackers=tracker, projects=project, depth=depth, progress=progress)
        _tell(report, ("fetched", "landed", "rejected", "requests", "seconds"), as_json=as_json)

    @app.command("rebuild")
    def rebuild_command(
        as_json: Annotated[bool, typer.Option("--json", help="Print outcomes per project and stream as JSON.")] = False,
    ) -> None:
        """Recreate core and marts from landing alone, without asking any tracker."""
        settings = load_settings()
        with progress_bars() as progress:
            report = rebuild(settings, progress=progress)
            build_and_publish(settings, progress=progress)
        _tell(report, ("mapped", "rejected"), as_json=as_json)


_HEADINGS = {"landed": "changed"}


def _tell(report: SyncReport, columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(report.to_json())
    else:
        _show(report, columns)
    if report.failed:
        raise ItpmError("\n".join(f"{outcome.where}: {outcome.stream}: {outcome.reason}" for outcome in report.failed))


def _show(report: SyncReport, columns: Sequence[str]) -> None:
    """One row per project, and under the table what is to be said of some; streams are in ``--json``."""
    projects: defaultdict[str, list[SyncOutcome]] = defaultdict(list)
    for outcome in report.outcomes:
        projects[outcome.where.removesuffix(f":{SITE}")].append(outcome)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("project", overflow="fold")
    for name in columns:
        table.add_column(_HEADINGS.get(name, name), justify="right", no_wrap=True)
    for where, outcomes in projects.items():
        table.add_row(Text(printable(where)), *(_cell(outcomes, name) for name in columns))
    console = Console(highlight=False)
    console.print(table)
    for where, outcomes in projects.items():
        if remark := _remark(outcomes):
            console.print(Text(printable(f"{where}: {remark}")))
    totals = report.totals
    changed = sum(sum(counts.values()) for counts in report.rows.values())
    read = f"{totals['fetched']:,.0f} records in {totals['requests']:,.0f} requests, " if "fetched" in columns else ""
    console.print(f"{read}{changed:,} core rows changed, {report.seconds:.1f} s")


def _cell(outcomes: Sequence[SyncOutcome], name: str) -> str:
    """Counts add up; streams of a project are read together, so that the longest time is that of all."""
    values = [getattr(outcome, name) for outcome in outcomes]
    return f"{max(values):.1f}" if name == "seconds" else f"{sum(values):,}"


def _remark(outcomes: list[SyncOutcome]) -> str:
    reasons = sorted({str(one.reason) for one in outcomes if one.status is OutcomeStatus.SKIPPED})
    found = [
        f"{count:,} {name.replace('_', ' ')}"
        for one in outcomes
        if one.stream == ABSENCES
        for name, count in one.details.items()
        if name not in ("known", "visible")
    ]
    return "; ".join([*(f"skipped: {reason}" for reason in reasons), *found])
