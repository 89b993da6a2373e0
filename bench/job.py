"""How the Dagster job ``sync`` compares with ``itpm sync`` and ``itpm build``, which do the same work without Dagster.

All are whole processes that start anew, on a company in which nothing has changed since the run before. The job also
draws the charts and writes the reports.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.measure import Spread
from bench.sandbox import SECRETS, Sandbox
from bench.table import table
from itpm_pipeline.cli.dagster_process import PROJECT, environment, prepare_home

BOUND = 10.0
"""Seconds that the job may take longer than the two commands together; meant for the small company, when idle."""
_COMMANDS = {"itpm sync": "sync", "itpm build": "build"}


@dataclass(frozen=True, slots=True)
class JobBench:
    """Seconds by what ran, and how many more the job took than the commands in the same round."""

    wall: Mapping[str, Spread]
    cpu: Mapping[str, Spread]
    overhead_wall: Spread
    overhead_cpu: Spread

    @property
    def is_held(self) -> bool:
        """Whether the overhead is within its bound."""
        return self.overhead_wall.median <= BOUND

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries."""
        return asdict(self) | {"bound": BOUND, "is_held": self.is_held}

    def to_text(self) -> str:
        """As a table."""
        rows = [(name, self.wall[name].median, self.cpu[name].median) for name in self.wall]
        overhead = ("overhead of the job", self.overhead_wall.median, self.overhead_cpu.median)
        held = "yes" if self.is_held else "NO"
        title = f"The job without changes (its overhead within {BOUND:.0f} s: {held})"
        return table(title, ("seconds", "wall", "CPU"), [*rows, overhead])


@dataclass(frozen=True, slots=True)
class _Took:
    wall: float
    cpu: float


def bench_job(sandbox: Sandbox, latency: int, repeat: int, say: Callable[[str], None]) -> JobBench:
    """Measure; ``say`` is told what is being done."""
    with sandbox.workspace(latency) as folder:
        inherited = {name for name in os.environ if name.startswith(("ITPM_", "DAGSTER_"))}
        env = environment(prepare_home(folder / ".dagster"), folder / "program.yaml", SECRETS, without=inherited)
        say("the job for the first time …")
        _job(env)
        rounds = []
        for number in range(repeat):
            say(f"commands and job without changes, {number + 1} of {repeat} …")
            took = {name: _took([str(Path(sys.executable).with_name("itpm")), word], env)
                    for name, word in _COMMANDS.items()}  # fmt: skip
            rounds.append({**took, "job": _job(env)})
    return JobBench(
        {name: Spread.of([one[name].wall for one in rounds]) for name in rounds[0]},
        {name: Spread.of([one[name].cpu for one in rounds]) for name in rounds[0]},
        Spread.of([one["job"].wall - sum(one[name].wall for name in _COMMANDS) for one in rounds]),
        Spread.of([one["job"].cpu - sum(one[name].cpu for name in _COMMANDS) for one in rounds]),
    )


def _job(env: Mapping[str, str]) -> _Took:
    return _took([sys.executable, "-m", "assets"], env, "sync\n")


def _took(command: list[str], env: Mapping[str, str], order: str = "") -> _Took:
    cpu, wall = _of_children(), time.perf_counter()
    done = subprocess.run(command, env=dict(env), cwd=PROJECT, input=order, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr[-2000:]}")
    return _Took(time.perf_counter() - wall, _of_children() - cpu)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
