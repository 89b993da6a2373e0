"""``itpm demo``: a simulated company, synced and computed by the Dagster jobs, and what came of it."""

import gc
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from itpm_pipeline.cli.dagster_process import Jobs, Ui, environment, prepare_home
from itpm_pipeline.cli.programs import show_programs
from itpm_pipeline.cli.progress import progress_bars
from itpm_pipeline.config import load_settings
from itpm_pipeline.errors import UsageError
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
    """select program_key, overall_rag, headline
     from mart.mart_program_status order by program_key""",
    """select team_name, sprint_name, committed_points, completed_points, round(100 * say_do_ratio) as say_do_percent
     from mart.mart_team_sprint_velocity where state = 'closed' order by effective_end_at desc limit 10""",
    """select blocker_key, blocked_key, severity, conflict_days
     from mart.mart_dependency_risk where is_cross_project
     order by severity desc, conflict_days desc nulls last limit 10""",
)
_PLACES = ("ITPM_WAREHOUSE_URL", "ITPM_LANDING_URL")
"""The demo lives in its folder, whatever these say."""


class Size(StrEnum):
    """How large the company is."""

    SMALL = "small"
    MEDIUM = "medium"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("demo")
    def command(
        size: Annotated[Size, typer.Option(help="small: about 1,500 issues; medium: about 20,000.")] = Size.SMALL,
        serve_ui: Annotated[
            bool, typer.Option("--serve", help="Open the Dagster UI on the demo; runs it first if there is none yet.")
        ] = False,
        folder: Annotated[Path, typer.Option(help="Where the demo lives.")] = Path("demo"),
        port: Annotated[int, typer.Option(help="Port of the Dagster UI; 0 = any free one.")] = 3000,
        control: Annotated[
            bool, typer.Option(help="With --serve: take faults and changes of the company at /__control__.")
        ] = False,
    ) -> None:
        """Sync a simulated company from two trackers and show the state of its programs."""
        console = Console(highlight=False)
        home = prepare_home(folder / ".dagster")
        _keep_to_one_company(home, size)
        surroundings = environment(home, folder / "program.yaml", SECRETS, without=_PLACES)
        with _ended_by_signals():
            if not (serve_ui and _is_there(folder, surroundings)):
                _run(console, folder, home, size, surroundings)
            if serve_ui:
                _serve(console, folder, size, surroundings, port, control=control)


def _run(console: Console, folder: Path, home: Path, size: Size, surroundings: Mapping[str, str]) -> None:
    """Execute the jobs on the company, and show what came of it."""
    started = time.monotonic()
    # Dagster takes seconds to load, so it does that while the company is simulated.
    with Jobs(surroundings, home / "demo.log") as jobs, _served(folder, size), progress_bars() as progress:
        what = "Dagster jobs discover and sync, steps"
        progress.started(None, what)
        try:
            jobs.execute(["discover", "sync"], lambda _: progress.advanced(what))
        finally:
            progress.finished(what)
    settings = load_settings(folder / "program.yaml", surroundings, sections=("warehouse",))
    show_programs(settings, console)
    _say_where_to_look(console, folder, settings.warehouse.url.removeprefix("duckdb:///"))
    console.print(f"The demo took {time.monotonic() - started:.0f} s.")


def _serve(
    console: Console, folder: Path, size: Size, surroundings: Mapping[str, str], port: int, *, control: bool
) -> None:
    """Keep trackers and UI running until somebody stops them."""
    # Dagster takes longer to start than the company to be simulated.
    with Ui(surroundings, port) as ui, _served(folder, size, control=control):
        ui.wait_until_it_answers()
        console.print(f"\nThe Dagster UI is on {ui.url} (stop it with Ctrl-C).")
        try:
            ui.wait()
        except KeyboardInterrupt:
            console.print("Stopping …")
        finally:
            ui.stop()  # before its trackers are gone


@contextmanager
def _served(folder: Path, size: Size, *, control: bool = False) -> Iterator[None]:
    """The company's trackers, and a program.yaml that leads to them."""
    with progress_bars() as progress:
        what = "simulating a company"
        progress.started(None, what)
        company: Company = build_company(size.value)
        progress.finished(what)
    gc.freeze()  # full collections would walk the whole company while it is served
    with serve(company, control=control) as running:
        write_program(company, folder, running.jira_url, running.github_url)
        yield


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Being told to terminate ends the block as Ctrl-C does, so that no process is left behind.

    Ctrl-C is told anew what to do, because shells have background commands ignore it, and their children with them.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep_to_one_company(home: Path, size: Size) -> None:
    """Two companies in one warehouse would be none: their records have the same ids."""
    note = home / "company"
    if note.exists() and (there := note.read_text(encoding="utf-8").strip()) != size.value:
        raise UsageError(f"{home.parent} holds the {there} company already; name another folder with --folder")
    note.write_text(f"{size.value}\n", encoding="utf-8")


def _is_there(folder: Path, surroundings: Mapping[str, str]) -> bool:
    """Whether the demo ran to its end before."""
    config = folder / "program.yaml"
    if not config.exists():
        return False
    return Path(load_settings(config, surroundings, sections=("warehouse",)).warehouse.url.removeprefix("duckdb:///")).exists()


def _say_where_to_look(console: Console, folder: Path, warehouse: str) -> None:
    console.print(f"Warehouse: {warehouse}\n\nAsk it, for example:", soft_wrap=True, markup=False)
    itpm = "itpm" if shutil.which("itpm") == str(Path(sys.argv[0]).absolute()) else sys.argv[0]
    for query in QUERIES:
        console.print(
            f'  ITPM_CONFIG={folder / "program.yaml"} {itpm} sql \\\n    "{query}"', soft_wrap=True, markup=False
        )
    console.print("\nSee assets, lineage and these runs in the Dagster UI: make ui\n")
