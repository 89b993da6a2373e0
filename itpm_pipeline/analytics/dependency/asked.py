"""The critical path to whatever is asked for: any issue, epic or set of issues, from a built warehouse."""

from collections.abc import Callable, Iterable
from typing import Any

from itpm_pipeline.analytics.columns import Relation, read
from itpm_pipeline.analytics.dependency.path_table import scope_rows
from itpm_pipeline.analytics.dependency.work import Work
from itpm_pipeline.analytics.parameters import Parameters, parameters
from itpm_pipeline.analytics.working_days import CALENDAR, Calendars

Table = Callable[[str, str], Relation]
"""Schema and name to a table, such as ``lambda schema, name: …`` over a connection."""


def path_to(table: Table, issue_keys: Iterable[str]) -> list[dict[str, Any]]:
    """Rows like those of ``mart_critical_path``, for the open issues of these keys and all they wait for.

    The first issue on the path comes first, then by earliest start. Empty if none of them is open. Dates are in the
    calendar of the first of them. The seed of the simulation is that of a scope named after the keys.
    """
    settings, work = open_work(table)
    wanted = set(issue_keys)
    own = sorted(issue for issue, item in work.items.items() if item["issue_key"] in wanted)
    if not own:
        return []
    first = work.items[own[0]]
    scope = {
        "scope_type": "issue", "scope_id": own[0], "scope_key": ",".join(sorted(wanted)),
        "calendar_id": first["calendar_id"] or "default", "timezone": first["timezone"] or "UTC",
    }  # fmt: skip
    calendars = Calendars(read(table("core", "calendar_day"), CALENDAR))
    rows = scope_rows(work, scope, own, calendars, settings)
    return sorted(rows, key=lambda row: (row["path_no"] or len(work.items), row["early_start_days"], row["issue_id"]))


def open_work(table: Table) -> tuple[Parameters, Work]:
    """Settings of the build, and everything that was open at its ``as_of``."""
    settings = parameters(table("ops", "build_parameter"), table("ops", "setting_value"))
    item, edge, sample = (table("int", f"int_schedule_{name}") for name in ("item", "edge", "sample"))
    return settings, Work.read(item, edge, sample, settings)
