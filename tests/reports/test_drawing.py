"""A plot is drawn again only when what it shows has changed."""

import pytest
from small_databases import small_database

from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.reports.chart import Chart, Line
from itpm_pipeline.reports.drawing import draw
from itpm_pipeline.reports.plot import Plot

PROJECT = load_project()


@pytest.fixture
def connection():
    with small_database().connect() as connection:
        yield connection


def test_a_plot_is_drawn_once_from_the_same_rows(connection):
    drawn = []

    def charts(rows):
        drawn.append([row["y"] for row in rows])
        return [Chart("Title", "y", [Line("line", "#123456", [(row["x"], row["y"]) for row in rows])])]

    connection.exec_driver_sql("create schema mart")
    connection.exec_driver_sql("create table mart.dim_date (x integer, y integer)")
    connection.exec_driver_sql("insert into mart.dim_date values (1, 2), (2, 3)")
    plot = Plot("numbers", "dim_date", "select x, y from {{ ref('dim_date') }} order by x", charts)
    first = draw(connection, PROJECT, plot)
    assert draw(connection, PROJECT, plot) == first
    connection.exec_driver_sql("update mart.dim_date set y = 9 where x = 2")
    assert draw(connection, PROJECT, plot) != first
    assert draw(connection, PROJECT, Plot("others", "dim_date", plot.query, charts)) != first
    assert drawn == [[2, 3], [2, 9], [2, 9]]
