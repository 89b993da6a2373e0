"""What leaves the pipeline: the published warehouse, once all blocking checks have passed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from assets import conventions
from assets.resources import Pipeline
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.reports.program.write import write_reports
from itpm_pipeline.warehouse.engine import open_published


def publishing_assets(project: Project) -> list[dg.AssetsDefinition]:
    """The assets of group reports."""

    @dg.asset(
        key=conventions.PUBLISHED,
        deps=[conventions.model_key(project.models[name]) for name in build_order(project)],
        group_name=conventions.REPORTS,
        description="The warehouse that SQL tools read. It is replaced all at once, and only when every model was "
        "built and every blocking check passed; until then readers keep the last good version.",
        kinds={conventions.warehouse_kind()},
        owners=conventions.owners(conventions.REPORTS),
        tags=conventions.tags("published"),
        freshness_policy=conventions.MART_FRESHNESS,
    )
    def published_warehouse(pipeline: Pipeline) -> Iterator[dg.MaterializeResult[Any]]:
        publication = pipeline.publish()
        yield dg.MaterializeResult(
            metadata={
                "place": dg.MetadataValue.path(publication.place),
                "version": publication.version,
                "bytes": publication.bytes,
                "seconds to publish": round(publication.seconds, 3),
            }
        )

    @dg.asset(
        key=conventions.PROGRAM_REPORTS,
        deps=[conventions.PUBLISHED],
        group_name=conventions.REPORTS,
        description="A page per program, for people: status with reasons, velocity, scope, flow, forecast with its "
        "track record, dependencies, releases, data quality. Self-contained HTML, and Markdown for chats.",
        kinds={"html", "markdown"},
        owners=conventions.owners(conventions.REPORTS),
        tags=conventions.tags("published"),
        freshness_policy=conventions.MART_FRESHNESS,
    )
    def program_reports(pipeline: Pipeline) -> dg.MaterializeResult[Any]:
        folder = Path(pipeline.settings.reports.url)
        with open_published(pipeline.settings.warehouse.url) as published:
            written = write_reports(published, project, folder)
        return dg.MaterializeResult(
            metadata={
                "folder": dg.MetadataValue.path(str(folder)),
                "files": len(written),
                **{path.stem: dg.MetadataValue.path(str(path)) for path in written if path.suffix == ".html"},
            }
        )

    # Models without programs have nothing to report on.
    return [published_warehouse, *([program_reports] if "mart_program_status" in project.models else [])]
