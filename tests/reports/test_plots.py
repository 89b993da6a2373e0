"""Plots of the marts: what they read is built when they are drawn, and they show nothing where there is nothing."""

from datetime import UTC, datetime, timedelta

import networkx as nx
import pytest

from itpm_pipeline.modeling.declarations import declared_by_sql
from itpm_pipeline.modeling.dialects import lint, transpile
from itpm_pipeline.modeling.graph import dependency_graph
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.modeling.render import render_expression
from itpm_pipeline.reports import velocity_plots as velocity
from itpm_pipeline.reports.chart import Band, Bars, Line
from itpm_pipeline.reports.registry import PLOTS, plots_of

PROJECT = load_project()
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_a_plot_reads_what_is_built_before_its_model(plot):
    reads = set(declared_by_sql(plot.query, plot.name).refs)
    assert reads <= {plot.model} | nx.ancestors(dependency_graph(PROJECT), plot.model)
    statement = render_expression(plot.query, PROJECT)
    assert lint(statement) == []
    transpile(statement, "postgres")


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_nothing_to_show_is_no_chart(plot):
    assert list(plot.draw([])) == []


def test_plots_have_names_of_their_own():
    assert len({plot.name for plot in PLOTS}) == len({plot.file_stem for plot in PLOTS}) == len(PLOTS)
    assert {plot.name for plot in plots_of("mart_team_sprint_velocity")} == {"velocity chart"}


def sprint(name, **columns):
    return {
        "sequence_scope": "board", "team_name": "Alpha", "sprint_name": name, "velocity_unit": "points",
        "is_approximate": False, "committed": 10, "completed": 8, "velocity_mean_k": None,
        "velocity_range_90_low": None, "velocity_range_90_high": None, "added": 0, "removed": 0, "estimate_change": 0,
        **columns,
    }


def test_velocity_shows_the_last_sprints_of_each_board():
    rows = [sprint(f"PAY Sprint {n}", completed=n, is_approximate=n == 20) for n in range(1, 21)]
    rows += [sprint("Empty", sequence_scope="other", committed=0, completed=0)]
    (chart,) = velocity.velocity_charts(rows)
    assert (chart.x_name, list(chart.categories)) == ("PAY Sprint", [str(n) for n in range(9, 21)])
    committed, completed = (mark for mark in chart.marks if isinstance(mark, Bars))
    assert (list(committed.values), list(completed.values)) == ([10] * 12, list(range(9, 21)))
    assert chart.note.startswith("1 of 12 are approximate")
    assert isinstance(chart.marks[0], Band)


def test_what_left_scope_lies_below_zero():
    (chart,) = velocity.scope_charts([sprint("1", added=5, removed=8, estimate_change=-1), sprint("2")])
    values = {mark.name: list(mark.values) for mark in chart.marks if isinstance(mark, Bars)}
    assert values == {"added": [5, 0], "re-estimated": [-1, 0], "removed": [-8, 0]}
    assert list(chart.marks[-1].points) == [(0, -4), (1, 0)]


@pytest.mark.parametrize(("points", "unit"), [(13, "points"), (0, "issues")])
def test_burn_up_runs_to_now_in_the_unit_there_is(points, unit):
    step = {"sprint_id": "s", "team_name": "Alpha", "sprint_name": "S 1", "effective_start_at": START,
            "planned_end_at": START + timedelta(days=14), "as_of": START + timedelta(days=5), "occurred_at": START,
            "scope_points": points, "completed_points": 0, "scope_count": 4, "completed_count": 0}
    later = {**step, "occurred_at": START + timedelta(days=2), "completed_points": points, "completed_count": 1}
    (chart,) = velocity.burn_up_charts([step, later])
    assert chart.y_name == unit
    done = next(mark for mark in chart.marks if isinstance(mark, Line) and mark.name == "done")
    expected = points or 1
    assert list(done.points) == [(START, 0), (START + timedelta(days=2), expected), (step["as_of"], expected)]


def test_words_that_all_names_begin_with_name_the_axis():
    rows = [sprint("Data Platform Sprint 1"), sprint("Data Platform Sprint 2")]
    assert velocity._distinct_parts(rows) == (["1", "2"], "Data Platform Sprint")
    assert velocity._distinct_parts([sprint("KW1"), sprint("KW2")]) == (["KW1", "KW2"], "")
    assert velocity._distinct_parts([sprint("Only one")]) == (["Only one"], "")
