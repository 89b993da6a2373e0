"""``itpm sandbox``: serves the simulated company."""

from pathlib import Path
from typing import Annotated

import typer

from itpm_pipeline.cli.demo import SECRETS
from itpm_pipeline.sandbox.__main__ import run


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
        control: Annotated[
            bool, typer.Option(help="Take faults and changes of the company at /__control__ on both servers.")
        ] = False,
    ) -> None:
        """Serve a simulated company as a Jira Cloud site and a GitHub organisation, on this machine only."""
        for name, value in SECRETS.items():
            typer.echo(f"export {name}={value}")
        run(
            jira_port=port_jira, github_port=port_github, size=int(size) if size.isdigit() else size, seed=seed,
            latency_ms=latency_ms, program_folder=write, control=control,
        )
