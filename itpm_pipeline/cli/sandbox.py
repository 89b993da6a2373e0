"""``itpm sandbox``: serves the simulated company."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN, serve


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("sandbox")
    def command(
        port_jira: Annotated[int, typer.Option(help="Port of the Jira site; 0 = any free one.")] = 8701,
        port_github: Annotated[int, typer.Option(help="Port of the GitHub organisation; 0 = any free one.")] = 8702,
        size: Annotated[str, typer.Option(help="small, medium, or a number of issues.")] = "small",
        seed: Annotated[int, typer.Option(help="Another seed makes another company.")] = 20260101,
        latency_ms: Annotated[int, typer.Option(help="Delay of every answer.", min=0)] = 0,
        write: Annotated[Path | None, typer.Option(help="Write a program.yaml for it into this folder.")] = None,
    ) -> None:
        """Serve a simulated company as a Jira Cloud site and a GitHub organisation, on this machine only."""
        company = build_company(size, seed)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with serve(company, jira_port=port_jira, github_port=port_github, latency_ms=latency_ms) as running:
            if write is not None:
                write.mkdir(parents=True, exist_ok=True)
                typer.echo(f"wrote {write_program(company, write, running.jira_url, running.github_url)}")
            typer.echo(f"export ITPM_DEMO_JIRA_EMAIL={JIRA_EMAIL}")
            typer.echo(f"export ITPM_DEMO_JIRA_TOKEN={JIRA_TOKEN}")
            typer.echo(f"export ITPM_DEMO_GITHUB_TOKEN={GITHUB_TOKEN}")
            typer.echo(f"ready jira {running.jira_url} github {running.github_url}")
            stop.wait()
