"""``python -m itpm_pipeline.sandbox``: serve the simulated company until told to stop."""

import argparse
import gc
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from itpm_pipeline.errors import ItpmError, UsageError
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import SEED, build_company
from itpm_pipeline.sandbox.serve import serve


def run(
    *,
    jira_port: int = 0,
    github_port: int = 0,
    size: str | int = "small",
    seed: int = SEED,
    latency_ms: int = 0,
    program_folder: Path | None = None,
    control: bool = False,
) -> None:
    """Build the company, serve it, print ``ready jira URL github URL``; returns on SIGTERM or SIGINT.

    With ``program_folder``, writes a program.yaml for it there first. ``control``: see ``sandbox.control``. To be
    called on the main thread. Raises UsageError for a size that the simulation does not know, ItpmError when a port
    cannot be served on.
    """
    stop = threading.Event()

    def stop_now(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_now)
    try:
        company = build_company(size, seed)
    except ValueError as error:
        raise UsageError(f"The company cannot have the size {size!r}: {error}.") from error
    gc.freeze()  # else every full collection walks the whole company, a third of a second at 20,000 issues
    with serve(
        company, jira_port=jira_port, github_port=github_port, latency_ms=latency_ms, control=control
    ) as running:
        if program_folder is not None:
            write_program(company, program_folder, running.jira_url, running.github_url)
        sys.stdout.write(f"ready jira {running.jira_url} github {running.github_url}\n")
        sys.stdout.flush()
        stop.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; exit code 0 when told to stop, 1 when it cannot serve, 2 for a wrong size."""
    parser = argparse.ArgumentParser(prog="python -m itpm_pipeline.sandbox", description=__doc__)
    parser.add_argument("--port-jira", type=int, default=0, metavar="N", help="port of Jira; 0 takes a free one")
    parser.add_argument("--port-github", type=int, default=0, metavar="N", help="port of GitHub; 0 takes a free one")
    parser.add_argument("--size", default="small", metavar="S", help="small, medium or a number of issues")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="same seed, same company")
    parser.add_argument("--latency-ms", type=int, default=0, metavar="N", help="delay of every answer")
    parser.add_argument("--write-program", type=Path, metavar="DIR", help="write a program.yaml for it there")
    parser.add_argument("--control", action="store_true", help="take faults and mutations at /__control__")
    asked = parser.parse_args(arguments)
    try:
        run(
            jira_port=asked.port_jira,
            github_port=asked.port_github,
            size=int(asked.size) if asked.size.isdigit() else asked.size,
            seed=asked.seed,
            latency_ms=asked.latency_ms,
            program_folder=asked.write_program,
            control=asked.control,
        )
    except ItpmError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
