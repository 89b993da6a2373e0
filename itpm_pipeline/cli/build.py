"""``itpm build``: facts, models, checks, publish."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from itpm_pipeline.cli.progress import progress_bars
from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.errors import ModelError, UsageError
from itpm_pipeline.ingest.fact_load import load_facts
from itpm_pipeline.ingest.progress import Progress
from itpm_pipeline.modeling.build import BuildReport, build
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.warehouse.engine import open_warehouse
from itpm_pipeline.warehouse.publish import Publication


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("build")
    def command(
        as_of: Annotated[
            str | None, typer.Option(help="Instant of all metrics, e.g. 2026-03-31T22:00:00Z; default: now.")
        ] = None,
        select: Annotated[
            list[str] | None, typer.Option(help="Model to build; +name with all it needs, name+ with all it feeds.")
        ] = None,
    ) -> None:
        """Build the SQL models, run their checks, and publish the warehouse if they pass."""
        instant = _instant(as_of) if as_of else None
        settings = load_settings()
        _require_known(select)
        with progress_bars() as progress:
            report, publication = build_and_publish(settings, as_of=instant, select=select, progress=progress)
        console = Console(highlight=False)
        console.print(
            f"{len(report.models)} models, {len(report.checks)} checks, {len(report.warnings)} warnings "
            f"in {report.seconds:.1f} s, as of {report.as_of:%Y-%m-%d %H:%M %Z}"
        )
        console.print(_how_built(report), markup=False)
        for warning in report.warnings:
            console.print(f"warning: {warning.model}: {warning.name}: {warning.failed_rows} rows", markup=False)
        console.print(f"published {publication.place} (version {publication.version})", soft_wrap=True)


def _how_built(report: BuildReport) -> str:
    in_part = [model.keys for model in report.models if model.keys]
    left = sum(model.is_reused for model in report.models)
    whole = len(report.models) - left - len(in_part)
    most = f" (at most {max(in_part, key=lambda keys: keys.built)})" if in_part else ""
    return f"{whole} built as a whole, {len(in_part)} for changed keys only{most}, {left} left as they were"


def _require_known(select: list[str] | None) -> None:
    """What is selected must exist; models that cannot be ordered are another matter, told when they are built."""
    project = load_project()
    build_order(project)
    try:
        build_order(project, select)
    except ModelError as error:
        raise UsageError(str(error)) from None


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text!r} is no instant; write for example 2026-03-31T22:00:00Z") from None
    if instant.tzinfo is None:
        raise UsageError(f"--as-of {text!r} has no time zone; write for example {instant:%Y-%m-%dT%H:%M:%S}Z")
    return instant.astimezone(UTC)


def build_and_publish(
    settings: Settings,
    *,
    as_of: datetime | None = None,
    select: list[str] | None = None,
    progress: Progress,
) -> tuple[BuildReport, Publication]:
    """Load facts, build models, run checks, publish.

    ModelError when a model or a blocking check fails: readers then keep what was published last.
    """
    instant = as_of or settings.as_of_or(datetime.now(UTC))
    project = load_project()
    warehouse = open_warehouse(settings.warehouse.url)
    what = "models"
    progress.started(len(build_order(project, select)), what)
    try:
        with warehouse.hold():
            warehouse.prepare()
            with warehouse.transaction() as connection:
                load_facts(connection, settings, instant)
                report = build(
                    connection, project, as_of=instant, settings=settings.metrics, select=select,
                    progress=lambda _: progress.advanced(what),
                )
            report.require_passed()
            return report, warehouse.publish()
    finally:
        progress.finished(what)
