"""Plots of models, as metadata of their assets and as files.

Which there are is decided in ``itpm_pipeline.reports.registry``.
"""

from base64 import b64encode
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa

from assets import conventions
from assets.resources import Pipeline
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.reports.drawing import Picture, draw, write
from itpm_pipeline.reports.registry import PLOTS, plots_of

SHOWN = 8
"""Pictures per plot in the UI: every materialisation keeps its own. All of them go to files."""


def plot_metadata(connection: sa.Connection, project: Project, model: str) -> dict[str, dg.MarkdownMetadataValue]:
    """The pictures of a built model by the name of their plot; empty if it has no plots or nothing to show."""
    found = {plot.name: draw(connection, project, plot) for plot in plots_of(model)}
    return {name: _markdown(pictures) for name, pictures in found.items() if pictures}


def chart_files(project: Project) -> dg.AssetsDefinition:
    """All plots as files, drawn when the numbers they show have passed their checks and are published."""

    @dg.asset(
        key=conventions.CHARTS,
        deps=[conventions.PUBLISHED],
        group_name=conventions.REPORTS,
        description="All charts as SVG files, one per team, sprint or scope, in the folder reports of program.yaml.",
        kinds={"svg"},
        owners=conventions.owners(conventions.REPORTS),
        tags=conventions.tags("published"),
        freshness_policy=conventions.MART_FRESHNESS,
    )
    def charts(pipeline: Pipeline) -> dg.MaterializeResult[Any]:
        folder = Path(pipeline.settings.reports.url) / "charts"
        with pipeline.reading() as connection:
            # Each plot reads its own model and others of its subject; a project without them has no such plot.
            written = write(connection, project, [plot for plot in PLOTS if plot.model in project.models], folder)
        return dg.MaterializeResult(metadata={"folder": dg.MetadataValue.path(str(folder)), "files": len(written)})

    return charts


def _markdown(pictures: list[Picture]) -> dg.MarkdownMetadataValue:
    shown = [f"![{_plain(one.title)}](data:image/svg+xml;base64,{_base64(one)})" for one in pictures[:SHOWN]]
    if len(pictures) > SHOWN:
        shown.append(f"… and {len(pictures) - SHOWN} more.")
    return dg.MetadataValue.md("\n\n".join(shown))


def _base64(picture: Picture) -> str:
    return b64encode(picture.svg.encode()).decode()


def _plain(title: str) -> str:
    """A title that cannot end the alternative text it stands in."""
    return "".join(letter for letter in title if letter.isalnum() or letter in " -.,%")
