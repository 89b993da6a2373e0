"""What building again takes once something has changed, against building everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter, process_time

import sqlalchemy as sa

from bench.table import table
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import BuiltModel, build_model, prepare
from itpm_pipeline.modeling.journal import Journal
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.modeling.render import Schemas
from itpm_pipeline.warehouse.engine import Warehouse

PART = 0.01
"""Of all issues, changed between two builds."""


@dataclass(frozen=True, slots=True)
class Again:
    """One build after another. ``most``: the model built for the most keys, and for how many."""

    after: str
    seconds: float
    cpu: float
    whole: int
    in_part: int
    left: int
    most: str


def build_again(
    warehouse: Warehouse, project: Project, names: Sequence[str], as_of: datetime, settings: MetricSettings
) -> list[Again]:
    """Build after an hour in which issues changed, after one in which nothing did, and after no time at all."""
    hour = timedelta(hours=1)
    with warehouse.transaction() as connection:
        changed = change_issues(connection, as_of + hour / 2, PART)
    return [
        _built(f"{changed:,} issues changed, an hour passed", warehouse, project, names, as_of + hour, settings),
        _built("an hour passed", warehouse, project, names, as_of + 2 * hour, settings),
        _built("nothing", warehouse, project, names, as_of + 2 * hour, settings),
    ]


def _built(
    after: str, warehouse: Warehouse, project: Project, names: Sequence[str], as_of: datetime, settings: MetricSettings
) -> Again:
    clock, cpu = perf_counter(), process_time()
    built: list[BuiltModel] = []
    with warehouse.transaction() as connection:
        prepare(connection, as_of=as_of, settings=settings)
        journal = Journal(connection, project, Schemas.of(connection))
        built += [build_model(connection, project, name, journal=journal) for name in names]
    in_part = [(one.keys, one.name) for one in built if one.keys is not None]
    left = sum(one.is_reused for one in built)
    most = max(in_part, key=lambda one: one[0].built, default=None)
    return Again(
        after, perf_counter() - clock, process_time() - cpu, len(built) - left - len(in_part), len(in_part), left,
        f"{most[1]}: {most[0]}" if most else "",
    )  # fmt: skip


def again_table(builds: Sequence[Again], whole: float) -> str:
    """``whole``: processor time of building everything."""
    header = ("after", "seconds", "cpu", "of all", "whole", "in part", "left", "most keys")
    rows = [
        (one.after, one.seconds, one.cpu, f"{one.cpu / whole:.2f}", one.whole, one.in_part, one.left, one.most)
        for one in builds
    ]
    return table(f"Building again, after a build that took {whole:.1f} s of processor time", header, rows)


def change_issues(connection: sa.Connection, at: datetime, part: float) -> int:
    """Change a part of the issues in core as a sync would: half go back a status, half are estimated anew."""
    run, instant = connection.exec_driver_sql, f"timestamptz '{at:%Y-%m-%d %H:%M:%S}+00:00'"
    run(f"""
        create temp table changing as
        select issue_id, source_event_id, from_raw, to_raw, from_text, to_text, hash(issue_id) % 2 = 0 as is_moved
        from core.issue_field_event
        where field = 'status' and from_raw is not null and hash(issue_id) % 10000 < {10_000 * part}
        qualify row_number() over (partition by issue_id order by occurred_at desc, source_event_id desc) = 1
    """)
    run(f"""
        insert into core.issue_field_event by name
        select event.* replace (
            {instant} as occurred_at, event.source_event_id || '0' as source_event_id,
            case when changing.is_moved then 'status' else 'estimate_points' end as field,
            case when changing.is_moved then changing.to_raw else '1' end as from_raw,
            case when changing.is_moved then changing.to_text else '1' end as from_text,
            case when changing.is_moved then changing.from_raw else '2' end as to_raw,
            case when changing.is_moved then changing.from_text else '2' end as to_text
        )
        from core.issue_field_event as event
        inner join changing using (issue_id, source_event_id)
        qualify row_number() over (partition by issue_id order by event.item_ordinal) = 1
    """)
    run(f"""
        update core.issue set updated_at = {instant}, synced_at = {instant},
            status_id = case when changing.is_moved then changing.from_raw else issue.status_id end,
            estimate_points = case when changing.is_moved then issue.estimate_points else 2 end
        from changing where issue.issue_id = changing.issue_id
    """)
    changed = int(run("select count(*) from changing").scalar_one())
    run("drop table changing")
    return changed
