"""``itpm check``: is everything in place before anything is fetched?"""

from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from itpm_pipeline.cli.terminal import printable
from itpm_pipeline.config import Settings, Tracker, load_settings
from itpm_pipeline.errors import ConfigurationError, TrackerError, UsageError
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Probe
from itpm_pipeline.registry import open_source

_ATTEMPTS = 2


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("check")
    def command() -> None:
        """Validate program.yaml, credentials, permissions and what the trackers offer."""
        settings = load_settings()
        if not settings.trackers:
            raise ConfigurationError("program.yaml names no tracker; add one under trackers (see `itpm init`)")
        with ThreadPoolExecutor(max_workers=len(settings.trackers)) as pool:
            answers = list(pool.map(_probe, settings.trackers))
        failures = [f"{answer}" for answer in answers if isinstance(answer, Exception)]
        if failures:
            # An unreachable tracker, a refused token: nothing was fetched yet, and a person must act.
            raise UsageError("\n".join(failures))
        console = Console()
        found: list[ProjectRef] = []
        for tracker, answer in zip(settings.trackers, answers, strict=True):
            if isinstance(answer, tuple):
                probe, projects = answer
                _show(console, tracker, probe, projects)
                found += projects
        _show_programs(console, settings, found)


def _probe(tracker: Tracker) -> tuple[Probe, list[ProjectRef]] | Exception:
    """What one tracker says, or the error it ended with: all trackers are asked before the first error is told."""
    try:
        # A person waits for the answer: a host that is not there is told after seconds, not after all attempts.
        source = open_source(tracker.model_copy(update={"max_attempts": min(tracker.max_attempts, _ATTEMPTS)}))
        try:
            return source.probe(), source.discover()
        finally:
            source.close()
    except (UsageError, TrackerError) as error:
        return error


def _show(console: Console, tracker: Tracker, probe: Probe, projects: list[ProjectRef]) -> None:
    table = Table(title=f"{tracker.name}: {probe.deployment} {probe.version}", title_justify="left")
    table.add_column("what", max_width=32)
    table.add_column("finding")
    table.add_row("account", Text(printable(probe.account)))
    readable = [project for project in projects if project.skip_reason is None]
    table.add_row("projects to sync", Text(f"{len(readable)}: {', '.join(project.key for project in readable)}"))
    for project in projects:
        if project.skip_reason is not None:
            table.add_row(Text(f"skipped: {project.key}"), Text(printable(project.skip_reason)))
    told = {project.partition for project in projects if project.skip_reason is not None}
    for subject, finding in probe.findings:
        if subject not in told:
            table.add_row(Text(printable(subject)), Text(printable(finding)))
    console.print(table)


def _show_programs(console: Console, settings: Settings, found: list[ProjectRef]) -> None:
    table = Table(title="programs", title_justify="left")
    table.add_column("program")
    table.add_column("projects")
    named: set[str] = set()
    for program in settings.programs:
        members = [
            project.partition
            for project in found
            if any(fnmatchcase(project.partition, pattern) for pattern in program.projects)
        ]
        named.update(members)
        unseen = [
            pattern for pattern in program.projects
            if not any(fnmatchcase(project.partition, pattern) for project in found)
        ]
        text = Text(", ".join(members) or "none")
        if unseen:
            text.append(f"  not visible: {', '.join(unseen)}", style="yellow")
        table.add_row(Text(program.name), text)
    rest = [project.partition for project in found if project.partition not in named]
    table.add_row("(unassigned)", Text(", ".join(rest) or "none"))
    console.print(table)
