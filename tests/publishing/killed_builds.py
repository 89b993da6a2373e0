"""Kills builds at random instants, each in a process forked from this one (see test_publishing_under_way).

    killed_builds.py PROGRAM_YAML URL KILLS SEED FIRST_INSTANT [MODEL…]

Prints one JSON line: for each kill when it was, whether the build was still under way, and the version and instants
that are published before it, after it, and after one more build.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from published_reader import reader_of, statement

from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.cli.demo import SECRETS
from itpm_pipeline.config import load_settings
from itpm_pipeline.ingest.progress import Silent


def forked_build(program: Path, url: str, as_of: datetime, select: list[str]) -> int:
    """A process that builds; its id."""
    process = os.fork()
    if process == 0:
        try:
            settings = load_settings(program, {**SECRETS, "ITPM_WAREHOUSE_URL": url})
            build_and_publish(settings, as_of=as_of, select=select or None, progress=Silent())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told on stderr, and by the exit code
            traceback.print_exc()
            os._exit(1)
    return process


def main(program: Path, url: str, kills: int, seed: int, first: datetime, select: list[str], tables: list[str]) -> None:
    ask, query, choice = reader_of(url), statement(tables), random.Random(seed)

    def build(number: int) -> int:
        return forked_build(program, url, first + timedelta(minutes=number), select)

    def published() -> dict[str, Any]:
        version, earliest, latest, told, *_ = ask(query)
        return {"version": version, "instants": [str(earliest), str(latest)], "tables": told}

    began = time.monotonic()
    assert os.waitstatus_to_exitcode(os.waitpid(build(0), 0)[1]) == 0
    seconds = time.monotonic() - began
    answers = []
    for number in range(kills):
        before, after = published(), choice.uniform(0.0, 1.0) * seconds
        process = build(2 * number + 1)
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
        died = os.WIFSIGNALED(os.waitpid(process, 0)[1])
        left = published()
        healed = os.waitstatus_to_exitcode(os.waitpid(build(2 * number + 2), 0)[1])
        answers.append({
            "after": round(after, 3), "died": died, "before": before, "left": left, "healed": healed,
            "then": published(), "expected": str(first + timedelta(minutes=2 * number + 2)),
        })  # fmt: skip
    sys.stdout.write(json.dumps({"seconds": round(seconds, 2), "answers": answers}))


if __name__ == "__main__":
    main(
        Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), datetime.fromisoformat(sys.argv[5]),
        json.loads(sys.argv[6]), sys.argv[7:],
    )
