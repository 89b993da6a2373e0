"""A process that serves one simulated company, once per latency, and obeys orders on its standard input.

It is a process of its own so that serving takes no part in the interpreter lock of what is measured. Prints one JSON
line when it serves, and one as the answer to each order:

``cpu``         seconds of processor time used so far
``change 0.01`` change that part of all issues, as people would
"""

import gc
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.mutations.churn import change_some
from itpm_pipeline.sandbox.serve import serve


def main(arguments: Sequence[str]) -> None:
    """``python -m bench.server SIZE FOLDER LATENCY…``; ends when its standard input does."""
    size, folder, *latencies = arguments
    company = build_company(int(size))
    gc.freeze()
    with ExitStack() as stack:
        programs, served = [], []
        for latency in latencies:
            # Without GitHub's hourly budget: a large company would spend the most of an hour waiting.
            running = stack.enter_context(serve(company, latency_ms=int(latency), github_hourly_points=None))
            served.append(running)
            programs.append(write_program(company, Path(folder) / latency, running.jira_url, running.github_url))
        _tell({"programs": [str(program) for program in programs]})
        for order in sys.stdin:
            word, _, argument = order.strip().partition(" ")
            if word == "cpu":
                _tell({"cpu": time.process_time()})
            elif word == "change":
                # All servers show one company; it goes on by the clock of the first, which is asked afterwards.
                _tell({"changed": change_some(served[0].jira_editor, served[0].github_editor, float(argument))})


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
