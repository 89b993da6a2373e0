"""Pictures as Dagster keeps them, and as files."""

import base64
import re
from pathlib import Path

import pytest
from small_databases import small_database

from assets import plots
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.reports.chart import Bars, Chart
from itpm_pipeline.reports.drawing import write
from itpm_pipeline.reports.plot import Plot

PROJECT = load_project()


def plot(titles: list[str]) -> Plot:
    charts = [Chart(title=title, y_name="n", categories=["a"], marks=[Bars("x", "#000", [1])]) for title in titles]
    query = "select name from {{ source('core', 'person') }}"
    return Plot("a plot", "mart_team_sprint_velocity", query, lambda rows: charts if rows else [])


@pytest.fixture
def connection():
    engine = small_database()
    with engine.connect() as found:
        found.exec_driver_sql("create schema core")
        found.exec_driver_sql("create table core.person as select 'someone' as name")
        yield found
    engine.dispose()


def test_pictures_are_markdown_that_needs_nothing_else(connection, monkeypatch):
    monkeypatch.setattr(plots, "plots_of", lambda model: (plot(["One](http://evil) <b>", *map(str, range(9))]),))
    metadata = plots.plot_metadata(connection, PROJECT, "mart_team_sprint_velocity")
    text = metadata["a plot"].md_str
    pictures = re.findall(r"!\[([^\]]*)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", text)
    assert [title for title, _ in pictures][:2] == ["Onehttpevil b", "0"]
    assert len(pictures) == plots.SHOWN
    assert text.endswith("… and 2 more.")
    assert all(base64.b64decode(picture).startswith(b"<svg") for _, picture in pictures)


def test_no_plots_no_metadata(connection, monkeypatch):
    monkeypatch.setattr(plots, "plots_of", lambda model: (plot([]),))
    assert plots.plot_metadata(connection, PROJECT, "mart_team_sprint_velocity") == {}


def test_files_are_named_for_people_and_stale_ones_go(connection, tmp_path: Path):
    first = write(connection, PROJECT, [plot(["Burn-up of Ä/../../x: S 1", "Burn-up of Ä x S 1"])], tmp_path)
    assert len({path.name for path in first}) == 2, "titles that look alike keep files of their own"
    assert all(path.parent == tmp_path and re.fullmatch(r"a-plot--[a-z0-9-]+\.svg", path.name) for path in first)
    other = tmp_path / "another-plot--x.svg"
    other.write_text("<svg/>")
    second = write(connection, PROJECT, [plot(["Next"])], tmp_path)
    assert set(tmp_path.iterdir()) == {*second, other}
