"""How a sync compares with only downloading what it downloads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import sqlalchemy as sa

from bench.measure import Measured, Spread, isolated
from bench.replay import Sent, recorded, replay
from bench.sandbox import Sandbox, settings_in
from bench.table import table
from itpm_pipeline.ingest.outcomes import SyncReport
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.registry import open_source
from itpm_pipeline.warehouse.engine import open_warehouse

CHANGED = 0.01
"""Part of the issues that changes between two syncs."""


@dataclass(frozen=True, slots=True)
class _Synced:
    report: SyncReport
    sent: list[Sent]


@dataclass(frozen=True, slots=True)
class FullSync:
    """Full syncs at one latency, each compared with the floor measured right after it. Times in seconds."""

    latency_ms: int
    sync_wall: Spread
    floor_wall: Spread
    wall_ratio: Spread
    sync_cpu: Spread
    floor_cpu: Spread
    cpu_ratio: Spread
    server_cpu: Spread
    """Processor time of the sandbox during a sync."""
    peak_memory_mb: float
    memory_before_mb: float
    """Peak of the same process before the sync: interpreter and libraries."""


@dataclass(frozen=True, slots=True)
class LaterSync:
    """An incremental sync; ``change`` says what had happened since the one before."""

    change: str
    changed: int
    """Issues."""
    wall: float
    cpu: float
    requests: int
    points: int
    landed: int
    part_of_full: float
    """Its time on the wall as a part of a full sync's."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a full sync asked of one tracker. ``per_thousand``: requests per 1,000 issues."""

    tracker: str
    issues: int
    pull_requests: int
    projects: int
    boards: int
    requests: int
    per_thousand: float
    points: int
    points_per_thousand: float
    """GraphQL points per 1,000 issues and pull requests."""
    megabytes: float


@dataclass(frozen=True, slots=True)
class SyncBench:
    """All results for one size of company."""

    issues: int
    records: int
    full: list[FullSync]
    later: list[LaterSync]
    traffic: list[Traffic]

    @property
    def peak_memory_mb(self) -> float:
        """Of any full sync."""
        return max(one.peak_memory_mb for one in self.full)

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries."""
        return asdict(self)

    def to_text(self) -> str:
        """As tables."""
        return f"{self._full_table()}\n{self._later_table()}\n{self._traffic_table()}"

    def _full_table(self) -> str:
        rows = [
            (one.latency_ms, *row)
            for one in self.full
            for row in (
                ("wall seconds", one.sync_wall.median, one.floor_wall.median, *_told(one.wall_ratio)),
                ("CPU seconds", one.sync_cpu.median, one.floor_cpu.median, *_told(one.cpu_ratio)),
                ("CPU seconds of the sandbox", one.server_cpu.median),
                ("peak memory, MB", one.peak_memory_mb),
            )
        ]
        header = ("", "sync", "floor", "ratio", "least", "most")
        return table(
            f"Full sync of {self.issues:,} issues ({self.records:,} records) against downloading the same pages",
            header, [(f"{latency} ms: {name}", *cells, *[None] * (5 - len(cells))) for latency, name, *cells in rows],
        )  # fmt: skip

    def _later_table(self) -> str:
        return table(
            "Incremental sync",
            ("since the last one", "wall s", "CPU s", "of a full sync", "requests", "points", "records landed"),
            [(one.change, one.wall, one.cpu, f"{one.part_of_full:.1%}", one.requests, one.points, one.landed)
             for one in self.later],
        )  # fmt: skip

    def _traffic_table(self) -> str:
        return table(
            "Traffic of a full sync",
            ("tracker", "issues", "pull requests", "requests", "per 1,000 issues", "points",
             "per 1,000 issues and PRs", "MB"),
            [(one.tracker, one.issues, one.pull_requests, one.requests, one.per_thousand, one.points,
              one.points_per_thousand, one.megabytes) for one in self.traffic],
        )  # fmt: skip


def _told(spread: Spread) -> tuple[float, float, float]:
    return spread.median, spread.least, spread.most


def bench_sync(sandbox: Sandbox, latencies: Sequence[int], repeat: int, say: Callable[[str], None]) -> SyncBench:
    """Measure; ``say`` is told what is being done."""
    say("one sync to warm up and to change from …")
    with sandbox.workspace(latencies[0]) as workspace:
        first = _sync(workspace)
        traffic = _traffic(workspace, first.value.report)
        later = _later(sandbox, workspace)
    full = [_full(sandbox, latency, repeat, say) for latency in latencies]
    whole = full[0].sync_wall.median
    return SyncBench(
        issues=sum(one.issues for one in traffic),
        records=int(first.value.report.totals["fetched"]),
        full=full,
        later=[_later_sync(change, changed, measured, whole) for change, changed, measured in later],
        traffic=traffic,
    )


def _full(sandbox: Sandbox, latency: int, repeat: int, say: Callable[[str], None]) -> FullSync:
    syncs: list[Measured] = []
    floors: list[Measured] = []
    served: list[float] = []
    for turn in range(repeat):
        say(f"full sync and floor at {latency} ms, {turn + 1} of {repeat} …")
        with sandbox.workspace(latency) as workspace:
            before = sandbox.cpu()
            syncs.append(_sync(workspace))
            served.append(sandbox.cpu() - before)
            floors.append(isolated(replay, syncs[-1].value.sent, _concurrency(workspace)))
    pairs = list(zip(syncs, floors, strict=True))
    return FullSync(
        latency_ms=latency,
        sync_wall=Spread.of([one.wall for one in syncs]),
        floor_wall=Spread.of([one.wall for one in floors]),
        wall_ratio=Spread.of([ours.wall / floor.wall for ours, floor in pairs]),
        sync_cpu=Spread.of([one.cpu for one in syncs]),
        floor_cpu=Spread.of([one.cpu for one in floors]),
        cpu_ratio=Spread.of([ours.cpu / floor.cpu for ours, floor in pairs]),
        server_cpu=Spread.of(served),
        peak_memory_mb=max(one.memory for one in syncs) / 2**20,
        memory_before_mb=max(one.memory_before for one in syncs) / 2**20,
    )


def _later(sandbox: Sandbox, workspace: Path) -> list[tuple[str, int, Measured]]:
    """Syncs after the first one: nothing changed, then a part."""
    nothing = _sync(workspace)
    changed = sandbox.change(CHANGED)
    return [("nothing changed", 0, nothing), (f"{changed} issues changed ({CHANGED:.0%})", changed, _sync(workspace))]


def _later_sync(change: str, changed: int, measured: Measured, whole: float) -> LaterSync:
    totals = measured.value.report.totals
    return LaterSync(
        change, changed, measured.wall, measured.cpu, int(totals["requests"]), int(totals["points"]),
        int(totals["landed"]), measured.wall / whole,
    )  # fmt: skip


def _sync(workspace: Path) -> Measured:
    return isolated(prepared_sync, workspace)


def prepared_sync(workspace: Path) -> Callable[[], _Synced]:
    """The sync of the program.yaml in a folder, everything imported; it notes its requests.

    RuntimeError: something was not synced, so that there is nothing to measure.
    """
    settings = settings_in(workspace)
    for tracker in settings.trackers:
        open_source(tracker).close()
    pa.array([])  # imports pandas, as pyarrow's first array does

    def run() -> _Synced:
        with recorded() as sent:
            report = sync(settings)
        if report.failed:
            raise RuntimeError(f"{report.failed[0].where}: {report.failed[0].stream}: {report.failed[0].reason}")
        return _Synced(report, sent)

    return run


def _concurrency(workspace: Path) -> Mapping[str, int]:
    return {urlsplit(str(one.url)).netloc: one.concurrency for one in settings_in(workspace).trackers}


def _traffic(workspace: Path, report: SyncReport) -> list[Traffic]:
    rows = []
    for tracker in dict.fromkeys(outcome.tracker for outcome in report.outcomes):
        of_tracker = [outcome for outcome in report.outcomes if outcome.tracker == tracker]
        issues, pull_requests, projects, boards = (
            _count(workspace, name, tracker) for name in ("issue", "pull_request", "project", "board")
        )
        requests, points = sum(one.requests for one in of_tracker), sum(one.points for one in of_tracker)
        rows.append(
            Traffic(
                tracker, issues, pull_requests, projects, boards, requests, 1000 * requests / max(issues, 1), points,
                1000 * points / max(issues + pull_requests, 1), sum(one.bytes for one in of_tracker) / 2**20,
            )
        )
    return rows


def _count(workspace: Path, name: str, tracker: str) -> int:
    with open_warehouse(settings_in(workspace).warehouse.url).reading() as connection:
        found = sa.table(name, sa.column("instance"), schema="core")
        query = sa.select(sa.func.count()).select_from(found).where(found.c.instance == tracker)
        return int(connection.execute(query).scalar_one())
