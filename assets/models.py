"""One asset per model of ``dbt_like_sql``, made by discovery: a new file and its yaml entry are a new asset."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import conventions
from assets.checks import compares_tables, own_check_specs, to_check_results
from assets.plots import plot_metadata
from assets.resources import Pipeline
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import MART, Model, Project
from itpm_pipeline.modeling.render import render


def model_assets(project: Project) -> list[dg.AssetsDefinition]:
    """An asset per model, in the order in which they are built."""
    return [_model_asset(project.models[name], project) for name in build_order(project)]


def _model_asset(model: Model, project: Project) -> dg.AssetsDefinition:
    group = conventions.model_group(model)

    @dg.asset(
        key=conventions.model_key(model),
        deps=conventions.input_keys(model, project),
        group_name=group,
        description=model.description,
        kinds={conventions.warehouse_kind(), "python" if model.language == "py" else "sql"},
        owners=conventions.owners(group, model.meta.get("owner")),
        tags=conventions.tags(model.schema, **({"contract": "stable"} if model.schema == MART else {})),
        code_version=model.code_version,
        metadata={"dagster/table_name": f"{model.schema}.{model.name}", "code": _code(model, project)},
        check_specs=own_check_specs(model),
        freshness_policy=conventions.MART_FRESHNESS if model.schema == MART else None,
    )
    def build(context: dg.AssetExecutionContext, pipeline: Pipeline) -> Iterator[dg.MaterializeResult[Any]]:
        built, results = pipeline.build_model(project, model, lambda check: not compares_tables(check))
        descriptions = {column.name: column.description for column in model.columns}
        lineage = pipeline.lineage(context.instance, project)
        with pipeline.reading() as connection:
            plots = plot_metadata(connection, project, model.name)
        yield dg.MaterializeResult(
            metadata={
                "dagster/row_count": built.rows,
                "dagster/column_schema": conventions.column_schema(built.columns, descriptions),
                "dagster/column_lineage": conventions.column_lineage(lineage[model.name]),
                "seconds to build": round(built.seconds, 3),
                "left as it was": built.is_reused,
                **({"built for": str(built.keys)} if built.keys else {}),
                **plots,
            },
            check_results=list(to_check_results(results, project)),
        )

    return build


def _code(model: Model, project: Project) -> dg.MarkdownMetadataValue:
    if model.language == "py":
        return dg.MetadataValue.md(f"```python\n{model.code}\n```")
    return dg.MetadataValue.md(f"```sql\n{render(model, project)}\n```")
