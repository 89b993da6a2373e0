"""Runs syncs that kill themselves at a chosen instant, each in a process forked from this one (see test_crash).

    crash_launcher.py FOLDER INSTANT…     "all" for every instant

Prints one JSON line: what an undisturbed sync leaves, and what is there after a kill and one more sync.
"""

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from deadly_instants import Instants
from scripted_tracker import ScriptedSource, World
from toy_settings import settings_in
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.ingest import landing as landing_module
from itpm_pipeline.ingest.landing import Landing, utc_now
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync

STAMPS = ("synced_at", "observed_at", "previous_read_at", "_raw_hash")
"""Columns that tell when a record was read, or which of two records told of a person last: each run has its own."""


def world_at(stage: int, run: int) -> World:
    world = World(projects={"PAY": "1", "WEB": "2"})
    for number in range(6):
        world.put(str(number), "PAY" if number % 2 else "WEB", title=f"t{number}", sprint="7", cf_1=number, cf_2=9,
                  assignee=["ann", "Ann"], history=["a", "b"])
    if stage == 2:
        world.seconds = count(1900)  # after the first run
        world.put("1", "PAY", title="changed", sprint="8", history=["a", "c"], assignee=["ann", "Ann B."])
        world.put("2", "WEB", title="changed too", assignee=["ann", "Ann B."], history=[])
        world.put("9", "WEB", title="new")
        world.put("4", "PAY", broken=True)
        world.fields = {"points": "cf_2"}
    world.seconds = count(1000 * run)
    return world


def run_sync(folder: Path, stage: int, run: int, deadly: int | None = None) -> dict[str, Any]:
    instants = Instants(deadly, lambda: os.kill(os.getpid(), signal.SIGKILL))
    world = world_at(stage, run)
    with instants.installed():
        report = sync(settings_in(folder), open_source=lambda tracker: ScriptedSource(world, tracker.name))
    return {"instants": instants.passes(), "failed": len(report.failed), "landed": report.totals["landed"]}


def columns_of(name: str, row: tuple[Any, ...], without: tuple[str, ...] = ()) -> dict[str, Any]:
    columns = core_table(name).columns.keys()
    return {column: value for column, value in zip(columns, row, strict=True) if column not in without}


def recover(folder: Path) -> dict[str, Any]:
    again = run_sync(folder, 2, 3)
    once_more = run_sync(folder, 2, 4)
    return {"failed": again["failed"], "landed_once_more": once_more["landed"], **look(folder)}


def look(folder: Path) -> dict[str, Any]:
    settings = settings_in(folder)
    full = core_rows(settings)
    found: dict[str, Any] = {
        "content": {name: repr([columns_of(name, row, STAMPS) for row in rows]) for name, rows in full.items()},
        "rejected": repr(rows_of(settings, "select stream, native_id, reason from ops.rejected_record order by all")),
        "duplicates": [
            name
            for name, rows in full.items()
            if len({tuple(columns_of(name, row)[key] for key in core_table(name).info["key"]) for row in rows})
            < len(rows)
        ],
    }
    rebuild(settings, open_source=lambda tracker: ScriptedSource(world_at(2, 9), tracker.name))
    found["rebuild_differs"] = core_rows(settings) != full
    landing_module.SAFE_AGE = timedelta(0)
    landing = Landing(settings.landing.url, now=lambda: utc_now() + timedelta(hours=1))
    landing.remove_crashed("toy")
    committed = {file.path for manifest in landing.manifests("toy") for file in manifest.files}
    root = Path(settings.landing.url)
    existing = {p.relative_to(root).as_posix() for p in root.rglob("*.parquet")}
    found["lost_files"] = sorted(committed - existing)
    found["stray_files"] = sorted(existing - committed)
    return found


def forked(work: Callable[..., Any], *args: Any) -> Any:
    """Result of ``work`` in a process of its own; "killed" when that died of SIGKILL."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, json.dumps(work(*args)).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told on stderr, and by the exit code
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    if status:
        raise SystemExit("a run failed; its traceback stands above")
    return json.loads(text)


def main(base: Path, wanted: list[str]) -> None:
    first = base / "first"
    forked(run_sync, first, 1, 1)
    undisturbed = base / "undisturbed"
    shutil.copytree(first, undisturbed)
    last = forked(run_sync, undisturbed, 2, 2)
    expected = forked(look, undisturbed)
    total = last["instants"]
    instants = range(total) if wanted == ["all"] else [int(float(share) * (total - 1)) for share in wanted]
    answers = []
    for instant in instants:
        folder = base / f"killed-{instant}"
        shutil.copytree(first, folder)
        died = forked(run_sync, folder, 2, 2, instant) == "killed"
        answers.append({"instant": instant, "died": died, **forked(recover, folder)})
        shutil.rmtree(folder)
    sys.stdout.write(json.dumps({"total": total, "expected": expected, "answers": answers}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
