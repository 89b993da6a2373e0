"""Kills real syncs of a served company at random instants of the clock (see test_crash_served).

    served_crash_launcher.py PROGRAM_YAML FOLDER KILLS SEED

Each run is a process forked from this one. Says "first" once there was a first sync, and waits for a line of input:
meanwhile the company changes. Then every other time a first sync is killed, else one that finds those changes. Prints
one JSON line: how undisturbed syncs end, and how those that were killed end after one more.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from crash_launcher import STAMPS, columns_of, forked
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.ingest import mappers
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN

SECRETS = {
    "ITPM_DEMO_JIRA_EMAIL": JIRA_EMAIL, "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN, "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN,
}
OWN = (*STAMPS, "read_at", "since", "deleted_observed_at")
"""Columns that tell when a run read something, or missed it."""
mappers.ALONE_UNTIL = 0  # also few records are mapped by other processes


def settings_in(folder: Path) -> Settings:
    return load_settings(folder / "program.yaml", SECRETS)


def run_sync(folder: Path) -> float:
    began = time.monotonic()
    assert sync(settings_in(folder)).failed == []
    return time.monotonic() - began


def look(folder: Path) -> dict[str, Any]:
    settings = settings_in(folder)
    rows = core_rows(settings)
    landed = sync(settings).totals["landed"]
    again = core_rows(settings)
    rebuild(settings)
    return {
        "content": {name: repr([columns_of(name, row, OWN) for row in found]) for name, found in rows.items()},
        "rejected": rows_of(settings, "select count(*) from ops.rejected_record")[0][0],
        "duplicates": [
            name for name, found in rows.items()
            if len({tuple(columns_of(name, row)[key] for key in core_table(name).info["key"]) for row in found})
            < len(found)
        ],
        "landed once more": landed,
        "stays": again == rows,
        "is rebuilt": core_rows(settings) == rows,
    }


def killed(folder: Path, after: float) -> bool:
    """Whether a sync was still under way when it was killed."""
    pid = os.fork()
    if pid == 0:
        try:
            run_sync(folder)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told on stderr, and by the exit code
            traceback.print_exc()
            os._exit(1)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    assert status == 0
    return False


def main(program: Path, base: Path, kills: int, seed: int) -> None:
    choice = random.Random(seed)
    nothing, first = program.parent, base / "first"
    shutil.copytree(nothing, first)
    forked(run_sync, first)
    sys.stdout.write("first\n")
    sys.stdout.flush()
    sys.stdin.readline()
    expected, seconds = [], []
    for number, start in enumerate((nothing, first)):
        folder = base / f"undisturbed-{number}"
        shutil.copytree(start, folder)
        seconds.append(forked(run_sync, folder))
        expected.append(forked(look, folder))
    answers = []
    for number in range(kills):
        folder = base / f"killed-{number}"
        shutil.copytree((nothing, first)[number % 2], folder)
        after = choice.uniform(0.05, 0.95) * seconds[number % 2]
        died = killed(folder, after)
        forked(run_sync, folder)
        answers.append({"died": died, "after": round(after, 3), **forked(look, folder)})
        shutil.rmtree(folder)
    sys.stdout.write(json.dumps({"expected": expected, "answers": answers}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
