"""How velocity and flow are built at a size that no simulated company is served in quickly: a synced one many times.

Every copy has trackers, teams and programs of its own, so copies do not mix; only calendars are shared. Histories are
made denser by taking every change back and doing it again, a microsecond later each: three changes for one, each of
which is an interval to keep, with the same end.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import sqlalchemy as sa

from bench.again import Again, again_table, build_again
from bench.measure import isolated
from bench.models import Family, core_tables, families_table, family_of, read_seconds
from bench.sandbox import Sandbox, settings_in
from bench.sync import prepared_sync
from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.canonical.shape import COMMON, Merge
from itpm_pipeline.ingest.fact_load import load_facts
from itpm_pipeline.modeling.build import build_model, prepare
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.warehouse.engine import open_warehouse

GROUPS = {
    "velocity": ("+velocity",),
    "flow": (
        "+fct_issue_cycle_time", "+fct_time_in_status", "+mart_flow_metrics_daily", "+mart_cfd", "+mart_ageing_wip",
        "+mart_on_time_delivery",
    ),
}  # fmt: skip
"""Marts with all they are built from; what both need counts in both. Releases wait for forecasts, so not them."""

SHARED = frozenset({"calendar_day"})
OWN_NAMES = frozenset({"program_id", "program_key", "objective_id", "parent_objective_id", "key_result_id", "risk_id",
                       "team_key", "person_ref"})  # fmt: skip
"""Columns with names out of program.yaml, which do not hold the name of a tracker."""
NEVER_TAKEN_BACK = ("key", "project", "type")
DENSER = 3


@dataclass(frozen=True, slots=True)
class ScaleBench:
    """All groups at one size: by the clock, and in processor time, which other work on the machine disturbs less."""

    issues: int
    events: int
    sprints: int
    groups: list[Family]
    groups_cpu: list[Family]
    slowest: dict[str, float]
    again: list[Again]
    peak_memory_mb: float

    def to_json(self) -> dict[str, Any]:
        """As nested dictionaries."""
        return asdict(self)

    def to_text(self) -> str:
        """As tables."""
        size = f"{self.issues:,} issues, {self.events:,} changes of fields, {self.sprints:,} sprints"
        slowest = ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.slowest.items())
        return "\n".join([
            families_table(f"Building velocity and flow on {size}: seconds on the clock", self.groups),
            families_table(f"The same in processor time; peak memory {self.peak_memory_mb:,.0f} MB", self.groups_cpu),
            f"slowest by processor time: {slowest}\n",
            again_table(self.again, self.groups_cpu[-1].seconds),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """What building models and reading core tables took: seconds by name."""

    building: dict[str, float]
    reading: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Built:
    clock: Taken
    cpu: Taken
    rows: dict[str, int]
    core_rows: dict[str, int]
    again: list[Again]


def bench_scale(sandbox: Sandbox, latency: int, issues: int, say: Callable[[str], None]) -> ScaleBench:
    """Measure with at least so many issues; ``say`` is told what is being done."""
    project = load_project()
    with sandbox.workspace(latency) as workspace:
        say("one sync to multiply …")
        isolated(prepared_sync, workspace)
        say(f"velocity and flow on {issues:,} issues …")
        measured = isolated(prepared_groups, workspace, issues)
    built: _Built = measured.value
    def groups(taken: Taken) -> list[Family]:
        return [
            family_of(name, build_order(project, terms), project, taken.building, built.rows, taken.reading,
                      built.core_rows)
            for name, terms in {**GROUPS, "both": [term for terms in GROUPS.values() for term in terms]}.items()
        ]  # fmt: skip

    return ScaleBench(
        issues=built.core_rows["issue"],
        events=built.core_rows["issue_field_event"],
        sprints=built.core_rows["sprint"],
        groups=groups(built.clock),
        groups_cpu=groups(built.cpu),
        slowest=dict(sorted(built.cpu.building.items(), key=lambda one: -one[1])[:8]),
        again=built.again,
        peak_memory_mb=measured.memory / 2**20,
    )


def prepared_groups(workspace: Path, issues: int) -> Callable[[], _Built]:
    """Multiplies what is synced in a folder; then builds the models of all groups, reads core tables, builds again."""
    settings, project = settings_in(workspace), load_project()
    warehouse = open_warehouse(settings.warehouse.url)
    with warehouse.hold(), warehouse.transaction() as connection:
        as_of = settings.as_of_or(datetime.now(UTC))
        load_facts(connection, settings, as_of)
        there = int(connection.execute(sa.text("select count(*) from core.issue")).scalar_one())
        multiply(connection, [tracker.name for tracker in settings.trackers], -(-issues // there))
        densify(connection)
        # The clock of whoever synced is not that of the company.
        connection.execute(sa.text("update core.issue set synced_at = least(synced_at, :as_of)"), {"as_of": as_of})

    order = build_order(project, [term for terms in GROUPS.values() for term in terms])

    def run() -> _Built:
        clock, cpu, rows, core_rows = Taken({}, {}), Taken({}, {}), {}, {}
        with warehouse.hold(), warehouse.transaction() as connection:
            prepare(connection, as_of=as_of, settings=settings.metrics)
            for name in order:
                before = process_time()
                model = build_model(connection, project, name, anew=True)
                cpu.building[name], clock.building[name] = process_time() - before, model.seconds
                rows[name] = model.rows
        with warehouse.hold(), warehouse.reading() as connection:
            for name in core_tables(project, rows):
                before = process_time()
                clock.reading[name], core_rows[name] = read_seconds(connection, name)
                cpu.reading[name] = process_time() - before
        with warehouse.hold():
            again = build_again(warehouse, project, order, as_of, settings.metrics)
        return _Built(clock, cpu, rows, core_rows, again)

    return run


def multiply(connection: sa.Connection, trackers: list[str], times: int) -> None:
    """Add copies to every core table until each row is there ``times`` times, under other names."""
    for table in metadata.sorted_tables:
        if table.name in SHARED:
            continue
        is_of_facts = table.info["merge"] is Merge.FACTS
        shown = ", ".join(_renamed(column, trackers, is_of_facts=is_of_facts) for column in table.columns)
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        connection.exec_driver_sql(
            f'insert into core."{table.name}" ({names}) '
            f'select {shown} from core."{table.name}" cross join range(1, {times}) as copy(n)'
        )


def _renamed(column: sa.Column[Any], trackers: list[str], *, is_of_facts: bool) -> str:
    """Identifiers, keys and references of copy n."""
    name = f'"{column.name}"'
    if not isinstance(column.type, sa.Text) or column.name == "_raw_hash":
        return name
    if is_of_facts and column.name in OWN_NAMES:
        return f"{name} || '-' || n"
    for tracker in trackers:
        name = f"replace({name}, '{tracker}', '{tracker}-' || n)"
    return name


def densify(connection: sa.Connection) -> None:
    """Take every change back and do it again, right after it."""
    common = ", ".join(f'"{name}"' for name, _, _ in COMMON)
    skipped = ", ".join(f"'{field}'" for field in NEVER_TAKEN_BACK)
    connection.exec_driver_sql(f"""
        insert into core.issue_field_event by name
        select
            issue_id, field, actor_person_id, provenance, item_ordinal, {common},
            source_event_id || '~' || turn as source_event_id,
            occurred_at + turn * interval '1 microsecond' as occurred_at,
            case when turn % 2 = 1 then to_raw else from_raw end as from_raw,
            case when turn % 2 = 1 then from_raw else to_raw end as to_raw,
            case when turn % 2 = 1 then to_text else from_text end as from_text,
            case when turn % 2 = 1 then from_text else to_text end as to_text
        from core.issue_field_event cross join range(1, {DENSER}) as turns(turn)
        where field not in ({skipped})
    """)
