"""``python -m bench [sync|models|job|scale|forecast|dependency …]``; ``--help`` tells the options."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from bench.dependency import bench_dependency
from bench.figures import figures_of, figures_table
from bench.forecast import bench_forecast
from bench.job import bench_job
from bench.models import bench_models
from bench.sandbox import sandbox
from bench.scale import bench_scale
from bench.sync import SyncBench, bench_sync

SERVED = ("sync", "models", "job", "scale")
"""What begins with the sync of a company."""
MADE_UP = ("forecast", "dependency")
ISSUES = {"scale": [100_000], "dependency": [10_000, 100_000]}


class Result(Protocol):
    """What a benchmark found."""

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries."""

    def to_text(self) -> str:
        """As a table."""


class Found:
    """Collects results, one dictionary a heading, and prints each as it comes unless JSON is wanted."""

    def __init__(self, *, as_json: bool) -> None:
        self.results: list[dict[str, Any]] = []
        self._as_json = as_json

    def begin(self, what: str, **told: Any) -> None:
        """A heading; how busy the machine is belongs to it."""
        load = os.getloadavg()[0]
        self.results.append({**told, "cores": os.cpu_count(), "load_before": load})
        self._show(f"{what}; {os.cpu_count()} cores, load {load:.1f} before\n")

    def add(self, name: str, found: Result) -> None:
        """A result under the last heading."""
        self.results[-1][name] = found.to_json()
        self._show(found.to_text())

    def add_figures(self, syncs: Sequence[SyncBench]) -> None:
        """What the syncs of all sizes say together."""
        figures = figures_of(syncs)
        self.results[-1]["figures"] = [asdict(figure) | {"is_held": figure.is_held} for figure in figures]
        self._show(figures_table(figures))

    def end(self) -> None:
        """All results, if JSON is wanted."""
        if self._as_json:
            print(json.dumps(self.results, indent=2))

    def _show(self, text: str) -> None:
        if not self._as_json:
            print(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks asked for; those that begin with a sync for one company size after the other."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    what = set(asked.what)
    if unknown := what - {*SERVED, *MADE_UP}:
        parser.error(f"no benchmark is called {min(unknown)}")
    found = Found(as_json=asked.json)
    if what & set(SERVED):
        _run_served(what, asked, found)
    if what & set(MADE_UP):
        found.begin("no company needed")
        if "forecast" in what:
            found.add("forecast", bench_forecast())
        if "dependency" in what:
            found.add("dependency", bench_dependency(asked.issues or ISSUES["dependency"], _say))
    found.end()
    return 0


def _run_served(what: set[str], asked: argparse.Namespace, found: Found) -> None:
    syncs: list[SyncBench] = []
    for size in asked.size:
        found.begin(f"{size:,} issues asked for", size=size)
        with sandbox(size, asked.latency) as served:
            if "sync" in what:
                syncs.append(bench_sync(served, asked.latency, asked.repeat, _say))
                found.add("sync", syncs[-1])
            if "models" in what:
                found.add("models", bench_models(served, asked.latency[0], asked.repeat, _say))
            if "job" in what:
                found.add("job", bench_job(served, asked.latency[0], asked.repeat, _say))
            for issues in (asked.issues or ISSUES["scale"]) if "scale" in what else ():
                found.add(f"scale {issues}", bench_scale(served, asked.latency[0], issues, _say))
    if syncs:
        found.add_figures(syncs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures speed as ratios to a floor.")
    parser.add_argument(
        "what", nargs="*", default=["sync", "models"], metavar="WHAT",
        help="sync: reading and loading; models: building all of them; job: what Dagster adds to "
        "both; scale: velocity and flow on many issues; "
        "forecast; dependency (sync models)",
    )  # fmt: skip
    parser.add_argument(
        "--size", type=int, nargs="+", default=[5000], metavar="N",
        help="sync, models, job, scale: issues in the simulated company (5000); 20000, 100000 …",
    )  # fmt: skip
    parser.add_argument(
        "--issues", type=int, nargs="+", metavar="N",
        help="scale: the company is multiplied to so many issues (100000); dependency: issues made up (10000 100000)",
    )  # fmt: skip
    parser.add_argument(
        "--latency", type=int, nargs="+", default=[0, 50], metavar="MS", help="delays of every answer (0 50)"
    )
    parser.add_argument("--repeat", type=int, default=2, metavar="N", help="measurements of each kind (2)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


def _say(doing: str) -> None:
    print(doing, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
