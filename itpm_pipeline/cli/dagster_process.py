"""Runs Dagster's own command line in a subprocess, so that the library stays free of it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from itpm_pipeline.config import CONFIG_VARIABLE
from itpm_pipeline.errors import ConfigurationError, ItpmError

PROJECT = Path(__file__).resolve().parents[2]
"""The project's root, where workspace.yaml and dagster.yaml stand."""


def prepare_home(folder: Path) -> Path:
    """Make ``folder`` a DAGSTER_HOME with the project's instance settings; returns it absolute."""
    template = PROJECT / "dagster.yaml"
    if not template.is_file():
        raise ConfigurationError(f"{template} is missing; run itpm from a clone of the project")
    home = folder.absolute()
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, home / "dagster.yaml")
    return home


def environment(home: Path, config: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """The environment of a Dagster process; secrets travel only this way, never as arguments."""
    return {
        **os.environ, **secrets,
        "DAGSTER_HOME": str(home), CONFIG_VARIABLE: str(config.absolute()),
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
    }


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dagster", *arguments]


def execute_job(job: str, env: Mapping[str, str], on_line: Callable[[str], None]) -> None:
    """Execute a job in the foreground; ``on_line`` sees every log line. The run stays in the UI's history.

    Raises:
        ItpmError: the run failed; the text has the last lines of its log.
    """
    process = subprocess.Popen(
        _command("job", "execute", "-m", "assets.definitions", "-d", str(PROJECT), "-j", job),
        cwd=PROJECT, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )
    tail: list[str] = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            tail = [*tail[-29:], line.rstrip()]
            on_line(line)
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code != 0:
        raise ItpmError(f"the Dagster job {job} failed (exit code {code}):\n" + "\n".join(tail))


def serve_ui(env: Mapping[str, str], port: int) -> int:
    """Run the UI and the daemon until they end or are interrupted; returns the exit code."""
    process = subprocess.Popen(
        _command("dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)),
        cwd=PROJECT, env=dict(env),
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
