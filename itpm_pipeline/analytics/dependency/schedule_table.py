"""The schedule of everything that is open, whatever scope it belongs to, as a table (METRICS.md section 4.4)."""

from collections import defaultdict

import pyarrow as pa

from itpm_pipeline.analytics.columns import COUNT, DAY, FLAG, NUMBER, TEXT, write
from itpm_pipeline.analytics.dependency.dates import finish_dates, start_dates, working_days
from itpm_pipeline.analytics.dependency.schedule import Plan
from itpm_pipeline.analytics.dependency.work import Work
from itpm_pipeline.analytics.parameters import Parameters
from itpm_pipeline.analytics.working_days import Calendars

NODE = {
    "issue_id": TEXT, "issue_key": TEXT, "project_id": TEXT, "program_id": TEXT, "is_placeholder": FLAG,
    "is_container": FLAG, "circle_issue_id": TEXT, "duration_days": NUMBER, "duration_p85_days": NUMBER,
    "duration_basis": TEXT, "sample_size": COUNT, "early_start_days": NUMBER, "early_finish_days": NUMBER,
    "early_finish_p85_days": NUMBER, "start_date": DAY, "finish_date": DAY, "finish_p85_date": DAY,
    "driver_issue_id": TEXT,
}  # fmt: skip
NO_CALENDAR = ("default", "UTC")
"""Of placeholders, whose project is unknown."""


def schedule_table(work: Work, calendars: Calendars, parameters: Parameters) -> pa.Table:
    """One row per open issue or placeholder."""
    plan: Plan = work.plan
    rows = list(work.rows(plan))
    slots = {row.issue: row.slot for row in rows}
    drivers = plan.drivers(slots)
    columns: dict[str, list[object]] = {name: [] for name in NODE}
    by_calendar: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        item = work.items[row.issue]
        duration = work.durations.get(row.issue)
        values = (
            row.issue, item["issue_key"], item["project_id"], item["program_id"], work.is_placeholder(row.issue),
            duration is None, row.circle, row.duration, row.duration_p85, row.basis,
            None if duration is None or duration.basis in ("default", "remaining_estimate") else len(duration.values),
            row.slot.early_start, row.slot.early_finish, row.finish_p85, None, None, None, drivers.get(row.issue),
        )  # fmt: skip
        for name, value in zip(NODE, values, strict=True):
            columns[name].append(value)
        by_calendar[(item["calendar_id"], item["timezone"]) if item["calendar_id"] else NO_CALENDAR].append(number)
    for (calendar, timezone), places in by_calendar.items():
        days = working_days(calendars, parameters, calendar, timezone)
        starts = start_dates(days, [rows[place].slot.early_start for place in places])
        ends = finish_dates(days, [rows[place].slot.early_finish for place in places])
        late = finish_dates(days, [rows[place].finish_p85 for place in places])
        for place, start, end, cautious in zip(places, starts, ends, late, strict=True):
            columns["start_date"][place] = start
            columns["finish_date"][place] = end
            columns["finish_p85_date"][place] = cautious
    return write(NODE, columns)
