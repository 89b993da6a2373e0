"""What leaves the pipeline: the published warehouse, once all blocking checks have passed."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import conventions
from assets.resources import Pipeline
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Project


def publishing_assets(project: Project) -> list[dg.AssetsDefinition]:
    """The assets of group reports."""

    @dg.asset(
        key=conventions.PUBLISHED,
        deps=[conventions.model_key(project.models[name]) for name in build_order(project)],
        group_name=conventions.REPORTS,
        description="The warehouse that SQL tools read. It is replaced all at once, and only when every model was "
        "built and every blocking check passed; until then readers keep the last good version.",
        kinds={"duckdb"},
        owners=conventions.owners(conventions.REPORTS),
        tags=conventions.tags("published"),
        freshness_policy=conventions.MART_FRESHNESS,
        pool=conventions.WAREHOUSE_POOL,
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

    return [published_warehouse]
