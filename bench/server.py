"""A process that serves one simulated company, once per latency, and obeys orders on its standard input.

It is a process of its own so that serving takes no part in the interpreter lock of what is measured. Prints one JSON
line when it serves, and one as the answer to each order:

``cpu``         seconds of processor time used so far
``change 0.01`` change that part of all issues, as people would: a title, and the entry of it in the history
"""

import gc
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from itpm_pipeline.sandbox.company.model import Company, HistoryEntry, HistoryItem, TimelineEvent
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import serve


def main(arguments: Sequence[str]) -> None:
    """``python -m bench.server SIZE FOLDER LATENCY…``; ends when its standard input does."""
    size, folder, *latencies = arguments
    company = build_company(int(size))
    gc.freeze()
    with ExitStack() as stack:
        programs = []
        for latency in latencies:
            # Without GitHub's hourly budget: a large company would spend the most of an hour waiting.
            running = stack.enter_context(serve(company, latency_ms=int(latency), github_hourly_points=None))
            programs.append(write_program(company, Path(folder) / latency, running.jira_url, running.github_url))
        _tell({"programs": [str(program) for program in programs]})
        for order in sys.stdin:
            word, _, argument = order.strip().partition(" ")
            if word == "cpu":
                _tell({"cpu": time.process_time()})
            elif word == "change":
                _tell({"changed": change(company, float(argument), running.clock.now())})


def change(company: Company, part: float, at: datetime) -> int:
    """Retitle that part of the issues of either tracker, evenly spread; how many."""
    step = round(1 / part)
    jira = [issue for issue in company.jira_issues.values() if issue.deleted_at is None][::step]
    for issue in jira:
        title = f"{issue.summary} (again)"
        item = HistoryItem("summary", "summary", "jira", None, issue.summary, None, title)
        author = issue.history[-1].author if issue.history else issue.reporter
        issue.history.append(HistoryEntry(f"9{int(at.timestamp())}{issue.id}", at, author, [item]))
        issue.summary, issue.updated_at = title, at
    github = [
        issue for repository in company.repositories.values() for issue in repository.issues if issue.deleted_at is None
    ][::step]
    for found in github:
        titles = {"previousTitle": found.title, "currentTitle": f"{found.title} (again)"}
        node = f"RTE_bench{int(at.timestamp())}_{found.node_id}"
        found.timeline.append(TimelineEvent(node, "RenamedTitleEvent", at, found.author, titles))
        found.title, found.updated_at = titles["currentTitle"], at
    return len(jira) + len(github)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
