"""The figures that a sync must hold, each against its bound: meant for 20,000 issues and more, as fixed costs count."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.sync import SyncBench, Traffic
from bench.table import table

WALL_RATIOS = {0: (4.0, 3.0), 50: (2.0, 1.5)}
"""Latency in ms to the most that a full sync may take as a multiple of its floor, and the goal."""
MEMORY_RATIO = 1.5
"""Of the largest company measured against the smallest; meant for 100,000 and 20,000 issues."""
JIRA_PER_THOUSAND, PER_BOARD, PER_PROJECT = 16, 4, 6
"""Requests of a full sync: per 1,000 issues, on top per board and per project."""
GITHUB_PER_THOUSAND, GITHUB_POINTS = 25, 120
"""Requests and points of a full sync per 1,000 issues and pull requests."""
CHANGE_TIMES, CHANGE_PER_HUNDRED = 3, 2
"""Requests after a change: times those of a sync without any, and on top per 100 changed issues."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number and the most it may be; ``goal``: what it should be."""

    name: str
    measured: float
    bound: float
    goal: float | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is within its bound."""
        return self.measured <= self.bound


def figures_of(benches: Sequence[SyncBench]) -> list[Figure]:
    """Figures of one or more sizes of company."""
    found = [figure for bench in benches for figure in _of_one(bench)]
    small, large = (choose(benches, key=lambda bench: bench.issues) for choose in (min, max))
    if large is not small:
        name = f"peak memory, {large.issues:,} issues as a multiple of {small.issues:,}"
        found.append(Figure(name, large.peak_memory_mb / small.peak_memory_mb, MEMORY_RATIO))
    return found


def figures_table(figures: Sequence[Figure]) -> str:
    """One row a figure."""
    return table(
        "What must hold",
        ("figure", "measured", "bound", "goal", "ok"),
        [
            (one.name, float(one.measured), float(one.bound), one.goal, "yes" if one.is_held else "NO")
            for one in figures
        ],
    )


def _of_one(bench: SyncBench) -> list[Figure]:
    found = [
        Figure(f"{bench.issues:,} issues, {one.latency_ms} ms: full sync as a multiple of its floor",
               one.wall_ratio.median, *WALL_RATIOS[one.latency_ms])
        for one in bench.full if one.latency_ms in WALL_RATIOS
    ]  # fmt: skip
    for traffic in bench.traffic:
        found += _of_traffic(bench.issues, traffic)
    nothing, changed = bench.later
    least = sum(PER_BOARD * one.boards + PER_PROJECT * one.projects for one in bench.traffic)
    found.append(Figure(f"{bench.issues:,} issues: requests of a sync without changes", nothing.requests, least))
    allowed = CHANGE_TIMES * nothing.requests + CHANGE_PER_HUNDRED * changed.changed / 100
    found.append(Figure(f"{bench.issues:,} issues: requests after {changed.change}", changed.requests, allowed))
    return found


def _of_traffic(issues: int, one: Traffic) -> list[Figure]:
    where = f"{issues:,} issues, {one.tracker}"
    if not one.points:
        allowed = JIRA_PER_THOUSAND * one.issues / 1000 + PER_BOARD * one.boards + PER_PROJECT * one.projects
        return [Figure(f"{where}: requests of a full sync", one.requests, allowed)]
    thousands = (one.issues + one.pull_requests) / 1000
    return [
        Figure(f"{where}: requests per 1,000 issues and PRs", one.requests / thousands, GITHUB_PER_THOUSAND),
        Figure(f"{where}: points per 1,000 issues and PRs", one.points / thousands, GITHUB_POINTS),
    ]
