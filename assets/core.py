"""The canonical tables, and the settings of the build, as assets."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg
import sqlalchemy as sa

from assets import conventions
from assets.resources import Pipeline
from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.modeling.build import BuiltColumn, table_columns
from itpm_pipeline.warehouse import ops

PARAMETERS = (ops.BUILD_PARAMETER, ops.SETTING_VALUE)
OBSERVED = tuple(table for table in ops.metadata.sorted_tables if table not in PARAMETERS)


def core_assets(landing: list[dg.AssetKey]) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Core tables (one step), the parameters of the build (one step), and the other ops tables models may read."""

    @dg.multi_asset(
        name="core_tables",
        specs=[_spec(table, [*landing, conventions.ALL_PROJECTS]) for table in metadata.sorted_tables],
    )
    def core_tables(pipeline: Pipeline) -> Iterator[dg.MaterializeResult[Any]]:
        pipeline.load_facts()
        with pipeline.reading() as connection:
            for table in metadata.sorted_tables:
                yield _result(connection, table)

    @dg.multi_asset(name="build_parameters", specs=[_spec(table, []) for table in PARAMETERS])
    def build_parameters(pipeline: Pipeline) -> Iterator[dg.MaterializeResult[Any]]:
        pipeline.write_parameters()
        with pipeline.reading() as connection:
            for table in PARAMETERS:
                yield _result(connection, table, {"as of": pipeline.as_of.isoformat()})

    return [core_tables, build_parameters, *(_spec(table, []) for table in OBSERVED)]


def _spec(table: sa.Table, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=conventions.table_key(str(table.schema), str(table.name)),
        deps=deps,
        group_name=conventions.CORE,
        description=str(table.comment),
        kinds={conventions.warehouse_kind()},
        owners=conventions.owners(conventions.CORE),
        tags=conventions.tags(str(table.schema)),
        metadata={"dagster/table_name": str(table), "key": ", ".join(table.info["key"])},
    )


def _result(
    connection: sa.Connection, table: sa.Table, more: Mapping[str, str] = MappingProxyType({})
) -> dg.MaterializeResult[Any]:
    rows = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    columns: tuple[BuiltColumn, ...] = table_columns(connection, str(table.schema), str(table.name))
    descriptions = {str(column.name): column.comment or "" for column in table.columns}
    return dg.MaterializeResult(
        asset_key=conventions.table_key(str(table.schema), str(table.name)),
        metadata={
            "dagster/row_count": rows,
            "dagster/column_schema": conventions.column_schema(columns, descriptions),
            **more,
        },
    )
