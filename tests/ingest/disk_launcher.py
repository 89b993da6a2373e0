"""Runs ``itpm sync`` where a disk is full or read-only (see test_disk), inside a mount namespace of its own.

    disk_launcher.py FOLDER

Each run is a process forked from this one. Prints one JSON line: what happened, by place and kind of trouble.
"""

import json
import os
import random
import subprocess
import sys
import traceback
from itertools import product
from pathlib import Path
from typing import Any

from crash_launcher import forked
from scripted_tracker import ScriptedSource, World
from warehouse_rows import core_rows

from itpm_pipeline import registry
from itpm_pipeline.cli import main as itpm
from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.ingest.landing import Landing

SECRETS = {"TOY_TOKEN": "none"}
DISK = "64m"
LEFT_BYTES = 100_000
"""What a full disk has left: enough for a lock and a marker, not for what is to be written."""
PROGRAM = """
warehouse: {{url: "duckdb:///{folder}/warehouse/warehouse.duckdb"}}
landing: {{url: "{folder}/landing"}}
trackers: [{{name: toy, kind: jira, url: "https://tracker.invalid", token: "${{TOY_TOKEN}}"}}]
"""


def world_at(stage: int) -> World:
    """The second time there are 3 MB more to land and to load, which no compression makes small."""
    world = World()
    noise = random.Random(7)
    for number in range(10 * stage):
        title = noise.randbytes(100_000).hex() if number >= 10 else f"t{number}"
        world.put(str(number), title=title, history=["a", "b"])
    return world


def run(folder: Path, stage: int) -> dict[str, Any]:
    """``itpm sync`` in a process of its own; its errors are told without its progress."""
    output = folder / f"stage{stage}.stderr"
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), sys.stderr.fileno())
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            os.environ |= SECRETS | {"ITPM_CONFIG": str(folder / "program.yaml")}
            world = world_at(stage)
            registry.SOURCES["jira"] = lambda tracker: ScriptedSource(world, tracker.name)
            sys.argv = ["itpm", "sync", "--full"]
            itpm()
        except SystemExit as end:
            os._exit(int(end.code or 0))
        except BaseException:  # noqa: BLE001 - told by what stands on stderr
            traceback.print_exc()
            os._exit(99)
    _, status = os.waitpid(pid, 0)
    said = output.read_text()
    errors = [line for line in said.splitlines() if line.startswith("itpm: ")]
    return {"exit_code": os.waitstatus_to_exitcode(status), "errors": errors, "has_traceback": "Traceback" in said}


def look(settings: Settings) -> dict[str, Any]:
    """What readers see: rows, and commits whose records can all be read."""
    landing = Landing(settings.landing.url)
    commits = [landing.index(manifest).num_rows for manifest in landing.manifests("toy")]
    rows = core_rows(settings)
    return {"core": repr(rows), "issues": len(rows["issue"]), "commits": commits}


def spoil(disk: Path, how: str) -> None:
    if how == "read-only":
        mount("remount,ro", disk)
    else:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "filler").write_bytes(bytes(free - LEFT_BYTES))


def mend(disk: Path, how: str) -> None:
    if how == "read-only":
        mount("remount,rw", disk)
    else:
        (disk / "filler").unlink()


def mount(options: str, disk: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], check=True)


def trouble(folder: Path, where: str, how: str) -> dict[str, Any]:
    folder.mkdir()
    (folder / "program.yaml").write_text(PROGRAM.format(folder=folder), encoding="utf-8")
    settings = load_settings(folder / "program.yaml", SECRETS)
    disk = folder / where
    disk.mkdir()
    mount(f"size={DISK}", disk)
    answer: dict[str, Any] = {"first": run(folder, 1), "before": forked(look, settings)}
    spoil(disk, how)
    answer["spoiled"] = run(folder, 2)
    mend(disk, how)
    answer["afterwards"] = forked(look, settings)
    answer["again"] = run(folder, 2)
    answer["in the end"] = forked(look, settings)
    return answer


def main(base: Path) -> None:
    cases = product(("landing", "warehouse"), ("full", "read-only"))
    sys.stdout.write(json.dumps({
        f"{where} {how}": trouble(base / f"{where}-{how}", where, how) for where, how in cases
    }))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
