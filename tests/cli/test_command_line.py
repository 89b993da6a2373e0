"""The command line loads what a command needs, and still knows every command."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from itpm_pipeline.cli import MODULES, command_line


def test_help_lists_every_command() -> None:
    told = CliRunner().invoke(command_line(["--help"]), ["--help"]).output
    listed = [line.split()[1] for line in told.splitlines() if line.startswith("│ ") and line[2:3].isalpha()]
    assert listed == list(MODULES)


@pytest.mark.parametrize("command", MODULES)
def test_each_command_is_found_by_its_name(command: str) -> None:
    answer = CliRunner().invoke(command_line([command]), [command, "--help"])
    assert answer.exit_code == 0
    assert f"Usage: itpm {command} " in answer.output


def test_a_command_that_is_not_there() -> None:
    answer = CliRunner().invoke(command_line(["nonsense"]), ["nonsense"])
    assert answer.exit_code == 2
    assert "No such command" in answer.output


def test_a_query_loads_no_sandbox_and_no_tracker() -> None:
    code = (
        "import sys; from itpm_pipeline.cli import command_line; command_line(['sql']);"
        "print(*(name for name in sys.modules if name.startswith(('itpm_pipeline.sandbox', 'itpm_pipeline.sources'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
