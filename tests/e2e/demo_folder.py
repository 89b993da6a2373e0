"""A folder in which the demo lives, and the processes that work for it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ITPM = Path(sys.executable).with_name("itpm")


@dataclass(frozen=True)
class Demo:
    """The demo, after it ran once."""

    folder: Path
    output: str
    seconds: float

    @property
    def home(self) -> Path:
        """Its DAGSTER_HOME."""
        return self.folder / ".dagster"


def environment(**changes: str) -> dict[str, str]:
    """What a newcomer's shell has: nothing of ours."""
    found = {key: value for key, value in os.environ.items() if not key.startswith(("ITPM_", "DAGSTER_"))}
    return {**found, "COLUMNS": "120", **changes}


def run(*arguments: str | Path, cwd: Path = ROOT, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        arguments, cwd=cwd, env=environment(**changes), text=True, capture_output=True, timeout=300, check=False
    )


def processes_of(home: Path) -> list[str]:
    """Command lines of the processes that work with a DAGSTER_HOME."""
    mark = f"DAGSTER_HOME={home}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # It ended while we looked, or belongs to somebody else.
            continue
    return found
