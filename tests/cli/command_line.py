"""The command line as people run it: a subprocess, in a folder with a program.yaml."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ITPM = Path(sys.executable).with_name("itpm")
JIRA_TOKEN = 'jira+Odd/T0ken=="#1'
GITHUB_TOKEN = "ghp_0dd%41T0ken&2"
EMAIL = "0dd.pipeline@acme.example"
SECRETS = {"ITPM_DEMO_JIRA_EMAIL": EMAIL, "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN, "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN}

Answer = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Place:
    """A folder with a program.yaml, in which commands are run."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "program.yaml"

    @property
    def working(self) -> Path:
        return self.folder / "data" / "warehouse.working.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "data" / "warehouse.duckdb"

    def environment(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """What a command sees; None takes a variable away."""
        found = {key: value for key, value in os.environ.items() if not key.startswith(("ITPM_", "DAGSTER_"))}
        wanted = {**found, **SECRETS, "COLUMNS": "120", **(changes or {})}
        return {key: value for key, value in wanted.items() if value is not None}

    def run(self, *arguments: str, **changes: str | None) -> Answer:
        return subprocess.run(
            [ITPM, *arguments], cwd=self.folder, env=self.environment(changes), text=True, capture_output=True,
            timeout=300, check=False,
        )  # fmt: skip

    def ok(self, *arguments: str, **changes: str | None) -> str:
        """Standard output of a command that must succeed."""
        answer = self.run(*arguments, **changes)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def copy(self, to: Path) -> "Place":
        """The same state somewhere else, for tests that change it."""
        shutil.copytree(self.folder, to, dirs_exist_ok=True)
        return Place(to)

    def replace(self, old: str, new: str) -> None:
        """Change program.yaml."""
        text = self.config.read_text(encoding="utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), encoding="utf-8")
