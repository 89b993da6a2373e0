"""``python -m bench [sync|models] [--size N …] [--latency MS …] [--repeat N] [--json]``."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.figures import figures_of, figures_table
from bench.models import bench_models
from bench.sandbox import sandbox
from bench.sync import SyncBench, bench_sync


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks asked for, one company size after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures speed as ratios to a floor.")
    parser.add_argument("what", nargs="?", choices=("sync", "models"), help="only this; default: both")
    parser.add_argument(
        "--size", type=int, nargs="+", default=[5000], metavar="N", help="issues in the company (5000); 20000, 100000 …"
    )
    parser.add_argument(
        "--latency", type=int, nargs="+", default=[0, 50], metavar="MS", help="delays of every answer (0 50)"
    )
    parser.add_argument("--repeat", type=int, default=2, metavar="N", help="measurements of each kind (2)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    asked = parser.parse_args(arguments)
    results: list[dict[str, Any]] = []
    syncs: list[SyncBench] = []
    for size in asked.size:
        load = os.getloadavg()[0]
        results.append({"size": size, "cores": os.cpu_count(), "load_before": load})
        if not asked.json:
            print(f"{size:,} issues asked for; {os.cpu_count()} cores, load {load:.1f} before\n")
        with sandbox(size, asked.latency) as served:
            if asked.what != "models":
                synced = bench_sync(served, asked.latency, asked.repeat, _say)
                syncs.append(synced)
                results[-1]["sync"] = synced.to_json()
                _show(synced.to_text(), as_json=asked.json)
            if asked.what != "sync":
                built = bench_models(served, asked.latency[0], asked.repeat, _say)
                results[-1]["models"] = built.to_json()
                _show(built.to_text(), as_json=asked.json)
    if syncs:
        figures = figures_of(syncs)
        results[-1]["figures"] = [asdict(figure) | {"is_held": figure.is_held} for figure in figures]
        _show(figures_table(figures), as_json=asked.json)
    if asked.json:
        print(json.dumps(results, indent=2))
    return 0


def _say(doing: str) -> None:
    print(doing, file=sys.stderr)


def _show(text: str, *, as_json: bool) -> None:
    if not as_json:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
