"""How the models of dependencies scale, on a made-up warehouse of any size: issues and links straight into core."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from math import log2
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from bench.measure import isolated
from bench.table import table
from itpm_pipeline.canonical.schema import arrow_schema, core_table
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import build_model, prepare
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.warehouse.engine import open_warehouse

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)
FAMILY = ("int_dependency_*", "int_schedule_*", "int_link_*", "int_issue_link", "int_issue_reference", "dependency")
"""Everything that is there for dependencies alone."""
EDGES_PER_ISSUE = 0.6
OPEN_SHARE = 0.5
"""More than real trackers have: the more is open, the more there is to schedule."""
ISSUES_PER_PROJECT, TEAMS_PER_PROJECT = 2000, 4
EPIC_EVERY = 25
"""One issue in so many is an epic, and the issues after it belong to it."""
NEAR = 400
"""Most links are between issues created within so many of each other, one in ten between any two."""


@dataclass(frozen=True, slots=True)
class Built:
    """Seconds on the wall and of processor time, and rows, by model."""

    seconds: dict[str, float]
    cpu: dict[str, float]
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Size:
    """One size. ``seconds``, ``cpu``: of the family; ``upstream_seconds``: of what it is built from."""

    issues: int
    edges: int
    active: int
    seconds: float
    cpu: float
    upstream_seconds: float
    peak_memory_mb: float
    slowest: dict[str, float]


@dataclass(frozen=True, slots=True)
class DependencyBench:
    """All sizes, smallest first."""

    sizes: list[Size]

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries."""
        return asdict(self)

    def growth(self) -> float:
        """Growth of processor time over that of edges times log(edges), from smallest to largest size: 1 is as good."""
        first, last = self.sizes[0], self.sizes[-1]
        return (last.cpu / first.cpu) / (last.edges * log2(last.edges) / (first.edges * log2(first.edges)))

    def to_text(self) -> str:
        """As a table."""
        rows: list[tuple[object, ...]] = [
            (one.issues, one.edges, one.active, one.seconds, one.cpu, one.upstream_seconds,
             f"{one.peak_memory_mb:,.0f}", ", ".join(f"{name} {seconds:.2f}" for name, seconds in one.slowest.items()))
            for one in self.sizes
        ]  # fmt: skip
        return table(
            f"Models of dependencies; growth over edges * log(edges): {self.growth():.2f}",
            ("issues", "edges", "active", "seconds", "CPU", "upstream", "peak MB", "slowest"),
            rows,
        )


def bench_dependency(sizes: list[int], say: Callable[[str], None]) -> DependencyBench:
    """Measure; ``say`` is told what is being done."""
    return DependencyBench([_size(issues, say) for issues in sorted(sizes)])


def _size(issues: int, say: Callable[[str], None]) -> Size:
    say(f"dependencies of {issues:,} issues …")
    project = load_project()
    family = set(build_order(project, FAMILY))
    with TemporaryDirectory(prefix="itpm-bench-") as folder:
        measured = isolated(prepared_build, Path(folder), issues)
    built: Built = measured.value
    own = {name: seconds for name, seconds in built.seconds.items() if name in family}
    return Size(
        issues=issues,
        edges=built.rows["int_dependency_edge"],
        active=built.rows["int_schedule_edge"],
        seconds=sum(own.values()),
        cpu=sum(built.cpu[name] for name in own),
        upstream_seconds=sum(built.seconds.values()) - sum(own.values()),
        peak_memory_mb=measured.memory / 2**20,
        slowest=dict(sorted(((name, built.cpu[name]) for name in own), key=lambda one: -one[1])[:5]),
    )


def prepared_build(folder: Path, issues: int) -> Callable[[], Built]:
    """Builds the family and all it is built from, in a warehouse that is filled before."""
    warehouse = open_warehouse(f"duckdb:///{folder}/warehouse.duckdb")
    warehouse.prepare()
    project = load_project()
    with warehouse.hold(), warehouse.transaction() as connection:
        for name, rows in made_up(issues).items():
            _insert(connection, name, rows)

    def run() -> Built:
        seconds, cpu, rows = {}, {}, {}
        with warehouse.hold(), warehouse.transaction() as connection:
            prepare(connection, as_of=AS_OF, settings=MetricSettings())
            for name in build_order(project, [f"+{term}" for term in FAMILY]):
                before = process_time()
                model = build_model(connection, project, name)
                seconds[name], cpu[name], rows[name] = model.seconds, process_time() - before, model.rows
        return Built(seconds, cpu, rows)

    return run


def _insert(connection: sa.Connection, name: str, rows: dict[str, Any]) -> None:
    count = max(len(column) for column in rows.values() if not isinstance(column, str))
    schema = arrow_schema(core_table(name))
    told = {"source": "jira", "instance": "acme", "synced_at": [AS_OF] * count, "_raw_hash": "", **rows}
    columns = [
        pa.array([told[field.name]] * count if isinstance(told.get(field.name), str) else told[field.name], field.type)
        if field.name in told else pa.nulls(count, field.type) for field in schema
    ]  # fmt: skip
    driver: Any = connection.connection.driver_connection
    driver.register("incoming", pa.table(columns, schema=schema))
    driver.execute(f'insert into core."{name}" by name select * from incoming')
    driver.unregister("incoming")


def made_up(issues: int, seed: int = 7) -> dict[str, dict[str, Any]]:
    """Core tables of a company with links; every link is shown at both ends and told by the history of both."""
    random = np.random.default_rng(seed)
    projects = max(3, issues // ISSUES_PER_PROJECT)
    numbers = np.arange(issues)
    project = random.integers(0, projects, issues)
    team = project * TEAMS_PER_PROJECT + random.integers(0, TEAMS_PER_PROJECT, issues)
    is_epic = numbers % EPIC_EVERY == 0
    created = AS_OF - timedelta(days=500) + (numbers * (480 / issues)).astype("timedelta64[D]").astype(object)
    started = [begin + timedelta(days=2 + float(wait)) for begin, wait in zip(created, random.exponential(5, issues),
                                                                              strict=True)]  # fmt: skip
    finished = [begin + timedelta(days=0.3 + float(work)) for begin, work in zip(started, random.gamma(2, 3, issues),
                                                                                 strict=True)]  # fmt: skip
    is_open = random.random(issues) < OPEN_SHARE
    is_begun = ~is_open | (random.random(issues) < 0.2)
    ids = [f"jira:acme:{number}" for number in range(issues)]
    keys = [f"P{project[number]}-{number}" for number in range(issues)]
    status = np.where(~is_open, "done", np.where(is_begun, "doing", "todo"))
    moves = [(number, "todo", "doing", started[number]) for number in numbers[is_begun]]
    moves += [(number, "doing", "done", finished[number]) for number in numbers[~is_open]]
    links = _links(issues, random)
    epic = numbers - numbers % EPIC_EVERY
    return {
        "project": {
            "project_id": [f"p{one}" for one in range(projects)], "container_type": "jira_project",
            "project_key": [f"P{one}" for one in range(projects)], "name": [f"P{one}" for one in range(projects)],
        },
        "program": {
            "program_id": ["program:A", "program:B"], "program_key": ["A", "B"], "name": ["A", "B"],
            "timezone": "UTC", "calendar_id": "default",
        },
        "program_project": {
            "program_id": [f"program:{'AB'[one % 2]}" for one in range(projects)],
            "project_ref": [f"acme:P{one}" for one in range(projects)],
            "valid_from": [date(1970, 1, 1)] * projects, "weight": [1.0] * projects,
        },
        "team": {
            "team_id": [f"t{one}" for one in range(projects * TEAMS_PER_PROJECT)],
            "name": [f"t{one}" for one in range(projects * TEAMS_PER_PROJECT)],
        },
        "calendar_day": _calendar(),
        "status": {"status_id": ["todo", "doing", "done"], "name": ["todo", "doing", "done"],
                   "category": ["todo", "in_progress", "done"]},
        "issue": {
            "issue_id": ids, "issue_key": keys, "project_id": [f"p{one}" for one in project],
            "team_id": [f"t{one}" for one in team], "type": np.where(is_epic, "epic", "story").tolist(),
            "hierarchy_level": is_epic.astype(int), "status_id": status.tolist(),
            "parent_issue_id": [None if is_epic[one] else ids[epic[one]] for one in numbers],
            "created_at": created.tolist(), "updated_at": [AS_OF - timedelta(days=int(one) % 30) for one in numbers],
            "estimate_points": [None if one % 3 == 0 else 1.0 + one % 8 for one in numbers.tolist()],
            "is_deleted": [False] * issues, "is_flagged": [False] * issues, "labels": "[]",
            "summary": [f"Issue {one}" for one in numbers],
        },
        "issue_key_alias": {"issue_key": keys, "issue_id": ids, "is_current": [True] * issues},
        "issue_history": {"issue_id": ids, "is_complete": [True] * issues},
        "issue_field_event": _events(ids, keys, moves, links, created),
        "issue_link": {
            "seen_from_id": [ids[pair[side]] for pair in links for side in (0, 1)],
            "link_ref": [str(number) for number in range(len(links)) for _ in (0, 1)],
            "blocker_issue_id": [ids[pair[0]] for pair in links for _ in (0, 1)],
            "blocker_ref": [keys[pair[0]] for pair in links for _ in (0, 1)],
            "blocked_issue_id": [ids[pair[1]] for pair in links for _ in (0, 1)],
            "blocked_ref": [keys[pair[1]] for pair in links for _ in (0, 1)],
            "edge_type": "blocks", "type_raw": "Blocks", "provenance": "jira_link",
            "confidence": [1.0] * (2 * len(links)), "observed_at": [AS_OF] * (2 * len(links)),
        },
    }  # fmt: skip


def _links(issues: int, random: np.random.Generator) -> list[tuple[int, int]]:
    """Distinct pairs; earlier issues mostly come first, but not always: there are circles."""
    wanted = int(issues * EDGES_PER_ISSUE)
    found: dict[tuple[int, int], None] = {}
    while len(found) < wanted:
        one = random.integers(0, issues, wanted)
        far = random.random(wanted) < 0.1
        other = np.where(far, random.integers(0, issues, wanted), (one + random.integers(1, NEAR, wanted)) % issues)
        swapped = random.random(wanted) < 0.02
        for a, b, is_swapped in zip(one.tolist(), other.tolist(), swapped.tolist(), strict=True):
            if a != b and len(found) < wanted:
                low, high = min(a, b), max(a, b)
                found[(high, low) if is_swapped else (low, high)] = None
    return list(found)


def _events(
    ids: list[str], keys: list[str], moves: list[tuple[Any, str, str, datetime]], links: list[tuple[int, int]],
    created: Any,
) -> dict[str, Any]:  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        (ids[number], "status", before, after, before, after, when) for number, before, after, when in moves
    ]
    for blocker, blocked in links:
        when = max(created[blocker], created[blocked]) + timedelta(days=1)
        for one, other, words in ((blocker, blocked, "blocks"), (blocked, blocker, "is blocked by")):
            rows.append((ids[one], "link", None, keys[other], None, f"This issue {words} {keys[other]}", when))
    columns = list(zip(*rows, strict=True))
    names = ("issue_id", "field", "from_raw", "to_raw", "from_text", "to_text", "occurred_at")
    return {
        **{name: list(column) for name, column in zip(names, columns, strict=True)},
        "source_event_id": [str(number) for number in range(len(rows))], "item_ordinal": [0] * len(rows),
        "provenance": "api_event",
    }  # fmt: skip


def _calendar() -> dict[str, Any]:
    days = [date(2025, 1, 1) + timedelta(days=number) for number in range(365 * 6)]
    return {
        "calendar_id": "default", "date": days, "is_working": [day.isoweekday() < 6 for day in days],
        "working_seconds": [8 * 3600 if day.isoweekday() < 6 else 0 for day in days],
    }  # fmt: skip
