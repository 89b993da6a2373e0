"""The ``itpm`` command: one module a command, errors as one line each on stderr.

Exit codes: 0 all well; 1 something failed; 2 wrong usage or configuration (DESIGN: contracts).
"""

import sys
from typing import Annotated

import typer

from itpm_pipeline import __version__
from itpm_pipeline.cli import build, check, demo, init, path, query, report, sandbox, sync
from itpm_pipeline.cli.terminal import printable
from itpm_pipeline.errors import ItpmError

app = typer.Typer(
    name="itpm",
    help="Fetch every project from Jira and GitHub, and compute program-level metrics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, init, check, sync, build, report, query, path, sandbox):
    module.register(app)


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        typer.echo(f"itpm {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; the only place where errors become exit codes."""
    try:
        app()
    except ItpmError as error:
        for line in str(error).splitlines():
            typer.echo(f"itpm: {printable(line)}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("itpm: stopped", err=True)
        sys.exit(130)
