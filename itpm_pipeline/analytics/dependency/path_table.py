"""The critical path of each scope (a program, a release) as a table (METRICS.md section 4.4)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from itpm_pipeline.analytics.columns import COUNT, DAY, FLAG, NUMBER, TEXT, write
from itpm_pipeline.analytics.dependency.dates import finish_dates, start_dates, working_days
from itpm_pipeline.analytics.dependency.schedule import Plan, Slot
from itpm_pipeline.analytics.dependency.simulated import Simulation, affordable_trials, simulate
from itpm_pipeline.analytics.dependency.work import Work
from itpm_pipeline.analytics.parameters import Parameters
from itpm_pipeline.analytics.simulation import seed_sequence, seed_text
from itpm_pipeline.analytics.working_days import Calendars

SCOPE = {"scope_type": TEXT, "scope_id": TEXT, "scope_key": TEXT, "calendar_id": TEXT, "timezone": TEXT}
SCOPE_ISSUE = {"scope_type": TEXT, "scope_id": TEXT, "issue_id": TEXT}
PATH = {
    "scope_type": TEXT, "scope_id": TEXT, "issue_id": TEXT, "issue_key": TEXT, "project_id": TEXT, "program_id": TEXT,
    "is_in_scope": FLAG, "is_placeholder": FLAG, "is_container": FLAG, "circle_issue_id": TEXT,
    "duration_days": NUMBER, "duration_p85_days": NUMBER, "duration_basis": TEXT, "early_start_days": NUMBER,
    "early_finish_days": NUMBER, "late_start_days": NUMBER, "late_finish_days": NUMBER, "total_slack_days": NUMBER,
    "free_slack_days": NUMBER, "early_finish_p85_days": NUMBER, "due_date": DAY, "due_slack_days": NUMBER,
    "is_critical": FLAG, "criticality_index": NUMBER, "path_no": COUNT, "start_date": DAY, "finish_date": DAY,
    "finish_p85_date": DAY, "scope_days": NUMBER, "scope_p50_days": NUMBER, "scope_p85_days": NUMBER,
    "scope_p50_date": DAY, "scope_p85_date": DAY, "trials": COUNT, "seed_entropy": TEXT, "numpy_version": TEXT,
}  # fmt: skip
KIND = "critical_path"
"""Of simulation, in the seed."""


def path_table(
    work: Work, scopes: pa.Table, scope_issues: pa.Table, calendars: Calendars, parameters: Parameters
) -> pa.Table:
    """One row per scope and open issue on its network: its own, and all that these wait for."""
    inside: dict[tuple[str, str], list[str]] = {}
    for row in scope_issues.to_pylist():
        inside.setdefault((row["scope_type"], row["scope_id"]), []).append(row["issue_id"])
    columns: dict[str, list[Any]] = {name: [] for name in PATH}
    for scope in scopes.to_pylist():
        issues = inside.get((scope["scope_type"], scope["scope_id"]), [])
        if issues:
            for values in scope_rows(work, scope, issues, calendars, parameters):
                for name, value in values.items():
                    columns[name].append(value)
    return write(PATH, columns)


def scope_rows(
    work: Work, scope: Mapping[str, Any], issues: Iterable[str], calendars: Calendars, parameters: Parameters
) -> Iterator[dict[str, Any]]:
    """Rows of one scope, which may be any set of open issues; ``scope`` has the columns of :data:`SCOPE`."""
    own = set(issues)
    plan = work.plan.part(work.net.with_predecessors(own))
    rows = list(work.rows(plan, own))
    days = working_days(calendars, parameters, scope["calendar_id"], scope["timezone"])
    slots = {row.issue: row.slot for row in rows if row.basis != "container"}
    simulation, told = _chances(work, plan, scope, slots, parameters)
    ends = [slot.early_finish for slot in slots.values()]
    dates = finish_dates(days, [simulation.finish(0.5), simulation.finish(0.85)])
    shared = {
        "scope_type": scope["scope_type"], "scope_id": scope["scope_id"], "scope_days": max(ends),
        "scope_p50_days": simulation.finish(0.5), "scope_p85_days": simulation.finish(0.85),
        "scope_p50_date": dates[0], "scope_p85_date": dates[1], **told,
    }  # fmt: skip
    chain = critical_chain(plan, slots)
    starts = start_dates(days, [row.slot.early_start for row in rows])
    finishes = finish_dates(days, [row.slot.early_finish for row in rows])
    late = finish_dates(days, [row.finish_p85 for row in rows])
    for row, start, finish, cautious in zip(rows, starts, finishes, late, strict=True):
        item, slot, is_container = work.items[row.issue], row.slot, row.basis == "container"
        due = item["due_date"]
        yield {
            **shared, "issue_id": row.issue, "issue_key": item["issue_key"], "project_id": item["project_id"],
            "program_id": item["program_id"], "is_in_scope": row.issue in own,
            "is_placeholder": work.is_placeholder(row.issue), "is_container": is_container,
            "circle_issue_id": row.circle, "duration_days": row.duration, "duration_p85_days": row.duration_p85,
            "duration_basis": row.basis, "early_start_days": slot.early_start, "early_finish_days": slot.early_finish,
            "late_start_days": slot.late_start, "late_finish_days": slot.late_finish,
            "total_slack_days": slot.total_slack, "free_slack_days": slot.free_slack,
            "early_finish_p85_days": row.finish_p85, "due_date": due,
            "due_slack_days": None if due is None else days.until(due) - slot.early_finish,
            "is_critical": slot.is_critical, "criticality_index": simulation.criticality.get(row.issue),
            "path_no": chain.get(row.issue), "start_date": start, "finish_date": finish, "finish_p85_date": cautious,
        }  # fmt: skip


def _chances(
    work: Work, plan: Plan, scope: Mapping[str, Any], slots: Mapping[str, Slot], parameters: Parameters
) -> tuple[Simulation, dict[str, Any]]:
    seed = seed_sequence(
        parameters.whole("forecast.base_seed"), scope["scope_key"], parameters.date_in(scope["timezone"]), KIND
    )
    trials = affordable_trials(parameters.whole("forecast.trials"), len(slots))
    return simulate(plan, work.durations, seed, trials), {
        "trials": trials, "seed_entropy": seed_text(seed), "numpy_version": np.__version__,
    }  # fmt: skip


def critical_chain(plan: Plan, slots: Mapping[str, Slot]) -> dict[str, int]:
    """One critical path from its first issue (1) to the last: back from what ends last along what it waited for."""
    drivers = plan.drivers(slots)
    end = max(slot.early_finish for slot in slots.values())
    last = min(issue for issue, slot in slots.items() if slot.early_finish == end)
    chain: list[str] = [last]
    while chain[-1] in drivers:
        chain.append(drivers[chain[-1]])
    return {issue: number for number, issue in enumerate(reversed(chain), 1)}
