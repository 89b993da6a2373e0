"""Draws plots from a warehouse, as text or into files."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from itpm_pipeline.modeling.dialects import for_engine
from itpm_pipeline.modeling.execution import in_utc, run
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.modeling.render import Schemas, render_expression
from itpm_pipeline.privacy import make_private, open_as_folder
from itpm_pipeline.reports.chart import Chart
from itpm_pipeline.reports.diagram import Diagram
from itpm_pipeline.reports.plot import Plot, Row
from itpm_pipeline.reports.svg import NARROW, render_svg


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawn chart: its title and the SVG; ``narrow``: another for a phone, if there is one."""

    title: str
    svg: str
    narrow: str = ""


def for_any_width(chart: Chart) -> Picture:
    """A picture of a chart for a page that is also read on a phone."""
    return Picture(chart.title, render_svg(chart), render_svg(chart, NARROW))


def rows_of(connection: sa.Connection, project: Project, plot: Plot) -> list[Row]:
    """What the plot is drawn from."""
    in_utc(connection)
    found = run(connection, for_engine(render_expression(plot.query, project, Schemas.of(connection)), connection))
    return [dict(row) for row in found.mappings()]


_drawn: dict[Plot, tuple[list[Row], list[Picture]]] = {}
"""What was drawn last, and from what: a run shows in the UI what it writes to files later."""


def draw(connection: sa.Connection, project: Project, plot: Plot) -> list[Picture]:
    """All pictures of a plot; none if there is nothing to show."""
    rows = rows_of(connection, project, plot)
    last = _drawn.get(plot)
    if last is None or last[0] != rows:
        _drawn[plot] = last = rows, [
            Picture(drawn.title, drawn.svg if isinstance(drawn, Diagram) else render_svg(drawn))
            for drawn in plot.draw(rows)
        ]
    return last[1]


def write(connection: sa.Connection, project: Project, plots: Iterable[Plot], folder: Path) -> Sequence[Path]:
    """Draw plots into ``folder``, one file per picture, named by plot and title; returns the files written.

    Pictures of these plots that are no longer drawn (of a sprint that has ended) are deleted.
    """
    written = []
    make_private(folder)
    for plot in plots:
        for stale in folder.glob(f"{plot.file_stem}--*.svg"):
            stale.unlink()
        for picture in draw(connection, project, plot):
            path = folder / f"{plot.file_stem}--{_file_name(picture.title)}.svg"
            path.write_text(picture.svg, encoding="utf-8")
            open_as_folder(path)
            written.append(path)
    return written


def _file_name(title: str) -> str:
    """Titles hold names from trackers: only letters, digits and dashes reach the disk; a hash keeps them apart."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
    return f"{words}-{hashlib.sha256(title.encode()).hexdigest()[:6]}"
