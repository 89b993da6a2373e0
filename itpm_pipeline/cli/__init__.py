"""The ``itpm`` command: one module a command, errors as one line each on stderr.

Exit codes: 0 all well; 1 something failed; 2 wrong usage or configuration (DESIGN: contracts).
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from itpm_pipeline import __version__
from itpm_pipeline.cli.terminal import printable
from itpm_pipeline.errors import ItpmError

MODULES = {
    "demo": "demo", "init": "init", "check": "check", "sync": "sync", "rebuild": "sync", "build": "build",
    "report": "report", "sql": "query", "path": "path", "sandbox": "sandbox",
}  # fmt: skip
"""Command → its module, in the order of the help."""


def command_line(arguments: Sequence[str]) -> typer.Typer:
    """The command line for these arguments: the command they begin with, or else all there are.

    All of them together load every library of the pipeline, which takes longer than most commands.
    """
    app = typer.Typer(
        name="itpm",
        help="Fetch every project from Jira and GitHub, and compute program-level metrics.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_options)
    asked = MODULES.get(arguments[0]) if arguments else None
    for module in [asked] if asked else dict.fromkeys(MODULES.values()):
        import_module(f"itpm_pipeline.cli.{module}").register(app)
    return app


def _options(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        typer.echo(f"itpm {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; the only place where errors become exit codes."""
    try:
        command_line(sys.argv[1:])()
    except ItpmError as error:
        for line in str(error).splitlines():
            typer.echo(f"itpm: {printable(line)}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("itpm: stopped", err=True)
        sys.exit(130)
