"""The state of all programs as a table at the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from itpm_pipeline.cli.terminal import printable
from itpm_pipeline.config import Settings
from itpm_pipeline.warehouse.engine import open_published

_COLOURS = {"green": "green", "amber": "yellow", "red": "red", "grey": "bright_black"}
_QUERY = """
    select
        name, overall_rag, open_count, wip_count, throughput_28d, throughput_previous_28d, say_do_ratio,
        velocity_trend, open_cross_project_blocker_count, cross_project_conflict_count, overdue_count, as_of
    from mart.mart_program_status
    order by case overall_rag when 'red' then 1 when 'amber' then 2 when 'green' then 3 else 4 end, name
"""


_LEGEND = (
    "done: in the last 28 days, and in the 28 days before. say/do: finished of what sprints committed to. trend: "
    "finished issues per sprint, the last three against those before. blockers, conflicts: dependencies on other "
    "projects, and those whose dates do not fit."
)


def show_programs(settings: Settings, console: Console) -> None:
    """One row per program, worst first; what is not known is left blank."""
    with open_published(settings.warehouse.url) as warehouse:
        programs = warehouse.query(_QUERY).to_pylist()
    as_of = f" as of {programs[0]['as_of']:%Y-%m-%d %H:%M} UTC" if programs else ""
    table = Table(title=f"Programs{as_of}", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("program", min_width=13)
    table.add_column("status", no_wrap=True)
    for name in ("open", "doing", "done", "before", "say/do", "trend", "blockers", "conflicts", "late"):
        table.add_column(name, justify="right", no_wrap=True)
    for program in programs:
        rag = program["overall_rag"]
        table.add_row(
            Text(printable(program["name"])), Text(rag, style=_COLOURS[rag]),
            f"{program['open_count']:,}", f"{program['wip_count']:,}",
            f"{program['throughput_28d']:,}", f"{program['throughput_previous_28d']:,}",
            _percent(program["say_do_ratio"]), _trend(program["velocity_trend"]),
            f"{program['open_cross_project_blocker_count']:,}", f"{program['cross_project_conflict_count']:,}",
            f"{program['overdue_count']:,}",
        )  # fmt: skip
    console.print(table)
    console.print(_LEGEND, style="dim")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _trend(ratio: float | None) -> str:
    """Change of the mean of recent sprints against the sprints before."""
    return "" if ratio is None else f"{ratio - 1:+.0%}"
