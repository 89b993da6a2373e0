"""``itpm demo``: a simulated company, synced and computed by the Dagster jobs, and what came of it."""

import gc
import re
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from itpm_pipeline.cli import dagster_process
from itpm_pipeline.cli.programs import show_programs
from itpm_pipeline.cli.progress import progress_bars
from itpm_pipeline.config import load_settings
from itpm_pipeline.ingest.progress import Progress
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN, serve

SECRETS = {
    "ITPM_DEMO_JIRA_EMAIL": JIRA_EMAIL,
    "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN,
    "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN,
}
QUERIES = (
    "select program_key, overall_rag, headline from mart.mart_program_status",
    """select sprint_name, committed_points, completed_points, say_do_ratio
     from mart.mart_team_sprint_velocity order by effective_end_at desc limit 10""",
    """select blocker_key, blocked_key, conflict_days, severity
     from mart.mart_dependency_risk where is_cross_project order by severity desc, conflict_days desc limit 10""",
)
_STEP = re.compile(r" - (?P<step>\S+) - STEP_(?P<what>START|SUCCESS|FAILURE)")


class Size(StrEnum):
    """How large the company is."""

    SMALL = "small"
    MEDIUM = "medium"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("demo")
    def command(
        size: Annotated[Size, typer.Option(help="small: about 1,500 issues; medium: about 20,000.")] = Size.SMALL,
        serve_ui: Annotated[bool, typer.Option("--serve", help="Open the Dagster UI on the demo afterwards.")] = False,
        folder: Annotated[Path, typer.Option(help="Where the demo lives.")] = Path("demo"),
        port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    ) -> None:
        """Sync a simulated company from two trackers and show the state of its programs."""
        started = time.monotonic()
        console = Console(highlight=False)
        home = dagster_process.prepare_home(folder / ".dagster")
        with progress_bars() as progress:
            company = _watched(progress, "simulating a company", lambda: build_company(size.value))
        gc.freeze()  # full collections would walk the whole company while it is served
        with serve(company) as running:
            config = write_program(company, folder, running.jira_url, running.github_url)
            environment = dagster_process.environment(home, config, SECRETS)
            with progress_bars() as progress:
                for job in ("discover", "sync"):
                    _run_job(job, environment, progress)
            settings = load_settings(config, environment)
            show_programs(settings, console)
            _say_where_to_look(console, folder, settings.warehouse.url.removeprefix("duckdb:///"))
            console.print(f"The demo took {time.monotonic() - started:.0f} s.")
            if serve_ui:
                console.print(f"\nThe Dagster UI will be on http://127.0.0.1:{port} in ten seconds; stop with Ctrl-C.")
                dagster_process.serve_ui(environment, port)


def _watched(progress: Progress, what: str, work: Callable[[], Company]) -> Company:
    progress.started(None, what)
    try:
        return work()
    finally:
        progress.finished(what)


def _run_job(job: str, environment: dict[str, str], progress: Progress) -> None:
    what = f"Dagster job {job}"
    progress.started(None, what)

    def show(line: str) -> None:
        match = _STEP.search(line)
        if match and match["what"] == "SUCCESS":
            progress.advanced(what)

    try:
        dagster_process.execute_job(job, environment, show)
    finally:
        progress.finished(what)


def _say_where_to_look(console: Console, folder: Path, warehouse: str) -> None:
    console.print(f"Warehouse: {warehouse}\n\nAsk it, for example:", soft_wrap=True, markup=False)
    command = f"ITPM_CONFIG={folder / 'program.yaml'} .venv/bin/itpm sql"
    for query in QUERIES:
        console.print(f'  {command} \\\n    "{query}"', soft_wrap=True, markup=False)
    console.print("\nSee assets, lineage and this run in the Dagster UI: make ui\n")
