"""Plots of dependencies: the graph of each program, who waits for whom, and how it came to be."""

from collections.abc import Iterator, Sequence

from itpm_pipeline.reports.chart import Band, Chart, Colour, Line
from itpm_pipeline.reports.dependency_drawing import READABLE, lanes, ring
from itpm_pipeline.reports.dependency_graph import Graph, graphs
from itpm_pipeline.reports.diagram import Diagram
from itpm_pipeline.reports.matrix_drawing import heat_map
from itpm_pipeline.reports.plot import Plot, Row

GRAPH = """
select
    program.program_id,
    program.name as program_name,
    risk.blocker_key,
    risk.blocked_key,
    blocker_project.project_ref as blocker_project_ref,
    blocked_project.project_ref as blocked_project_ref,
    risk.blocker_program_id,
    risk.blocked_program_id,
    risk.blocker_category,
    risk.blocked_category,
    blocker.summary as blocker_summary,
    blocked.summary as blocked_summary,
    risk.severity,
    risk.schedule_conflict,
    risk.conflict_days,
    risk.is_overdue,
    risk.is_on_critical_path,
    risk.is_in_cycle
from {{ ref('mart_dependency_risk') }} as risk
inner join {{ ref('int_program') }} as program
    on program.program_id = risk.blocker_program_id or program.program_id = risk.blocked_program_id
left join {{ ref('int_project_program') }} as blocker_project on risk.blocker_project_id = blocker_project.project_id
left join {{ ref('int_project_program') }} as blocked_project on risk.blocked_project_id = blocked_project.project_id
left join {{ ref('int_issue') }} as blocker on risk.blocker_issue_id = blocker.issue_id
left join {{ ref('int_issue') }} as blocked on risk.blocked_issue_id = blocked.issue_id
order by program.name, risk.edge_id
"""

MATRIX = """
select
    matrix.blocker_project_ref,
    matrix.blocked_project_ref,
    matrix.active_count,
    matrix.conflict_count,
    matrix.overdue_count,
    matrix.late_count
from {{ ref('mart_dependency_matrix') }} as matrix
order by matrix.blocker_project_ref, matrix.blocked_project_ref
"""

HISTORY = """
select
    program.name as program_name,
    daily.date,
    daily.waiting_count,
    daily.active_blocker_count,
    daily.blocked_issue_count
from {{ ref('mart_dependency_daily') }} as daily
inner join {{ ref('int_program') }} as program on daily.scope_id = program.program_id
where daily.scope_type = 'program'
order by program.name, daily.date
"""


def program_graphs(rows: Sequence[Row]) -> Sequence[Diagram]:
    """Each program: its projects, then its issues if they can be read at once, then each project with its neighbours.

    First all programs at a glance, then the parts to look into.
    """
    found = graphs(rows)
    return [*(_whole(graph) for graph in found), *(part for graph in found for part in _parts(graph))]


def _whole(graph: Graph) -> Diagram:
    title = f"Dependencies of {graph.program}"
    return lanes(graph, title) if len(graph.knots) <= READABLE else ring(graph, f"{title}: projects")


def _parts(graph: Graph) -> Iterator[Diagram]:
    if len(graph.knots) <= READABLE:
        return
    yield lanes(graph.most_important(READABLE), f"Dependencies of {graph.program}: what matters most")
    for project in graph.projects:
        yield lanes(graph.around(project, READABLE), f"Dependencies of {graph.program}: {project}")


def hand_offs(rows: Sequence[Row]) -> Sequence[Diagram]:
    """One map of all projects."""
    return [heat_map(rows, "Hand-offs: who waits for whom")] if rows else []


def history(rows: Sequence[Row]) -> Sequence[Chart]:
    """A chart per program."""
    programs: dict[str, list[Row]] = {}
    for row in rows:
        programs.setdefault(row["program_name"], []).append(row)
    return [
        Chart(
            title=f"Waiting in {name}", y_name="at the end of the day", subtitle="Issues of the program that wait",
            marks=[
                Band("active dependencies", Colour.DONE, [(row["date"], 0, row["waiting_count"]) for row in told],
                     is_step=True),
                Line("issues waiting", Colour.ADDED, [(row["date"], row["blocked_issue_count"]) for row in told],
                     is_step=True),
                Line("issues waited for", Colour.WARNING, [(row["date"], row["active_blocker_count"]) for row in told],
                     is_step=True, is_dashed=True),
            ],
        )
        for name, told in programs.items() if any(row["waiting_count"] for row in told)
    ]  # fmt: skip


PLOTS = (
    Plot("dependency graph", "mart_dependency_risk", GRAPH, program_graphs),
    Plot("hand-off matrix", "mart_dependency_matrix", MATRIX, hand_offs),
    Plot("dependency history", "mart_dependency_daily", HISTORY, history),
)
