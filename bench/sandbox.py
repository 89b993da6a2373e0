"""The served company as the benchmarks see it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN

SECRETS = {
    "ITPM_DEMO_JIRA_EMAIL": JIRA_EMAIL,
    "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN,
    "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN,
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A company served by another process, once per latency; ``programs``: latency in ms to its program.yaml."""

    process: "subprocess.Popen[str]"
    folder: Path
    programs: dict[int, Path]

    def cpu(self) -> float:
        """Seconds of processor time that serving took so far."""
        return float(self._order("cpu")["cpu"])

    def change(self, part: float) -> int:
        """Change a part of all issues; how many."""
        return int(self._order(f"change {part}")["changed"])

    @contextmanager
    def workspace(self, latency: int) -> Iterator[Path]:
        """A fresh folder with a program.yaml for that latency; gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            shutil.copytree(self.programs[latency].parent, folder, dirs_exist_ok=True)
            yield Path(folder)

    def _order(self, order: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return _answer(self.process)


@contextmanager
def sandbox(size: int, latencies: Sequence[int]) -> Iterator[Sandbox]:
    """Serve a company of ``size`` issues from a process of its own."""
    with tempfile.TemporaryDirectory(prefix="itpm-bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.server", str(size), folder, *map(str, latencies)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
        )  # fmt: skip
        try:
            programs = [Path(program) for program in _answer(process)["programs"]]
            yield Sandbox(process, Path(folder), dict(zip(latencies, programs, strict=True)))
        finally:
            process.terminate()
            process.communicate()


def settings_in(workspace: Path) -> Settings:
    """Settings of the program.yaml in a folder; warehouse and landing lie in it too."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ITPM_")}
    return load_settings(workspace / "program.yaml", inherited | SECRETS)


def _answer(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the sandbox ended with exit code {process.wait()}; what it said is above")
    answer: dict[str, Any] = json.loads(line)
    return answer
