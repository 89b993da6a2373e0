"""What there is to query: every model with its columns, checks and origin, for documentation, report and Dagster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from itpm_pipeline.modeling.build import table_columns
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.lineage import ColumnSource, column_lineage
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.modeling.schema_yaml import Check


@dataclass(frozen=True, slots=True)
class CatalogueColumn:
    """A column; ``type`` is the engine's word, None where the table was not built yet."""

    name: str
    description: str
    type: str | None
    made_of: tuple[ColumnSource, ...]


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A table that models make. ``schema``: int or mart; ``group``: the subject; ``reads``: (schema, table) pairs."""

    name: str
    schema: str
    group: str
    description: str
    columns: tuple[CatalogueColumn, ...]
    checks: tuple[Check, ...]
    key: tuple[str, ...]
    reads: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models in the order in which they are built."""

    models: tuple[CatalogueModel, ...]

    def group(self, name: str) -> tuple[CatalogueModel, ...]:
        """Models of one subject."""
        return tuple(model for model in self.models if model.group == name)


def catalogue(project: Project, connection: sa.Connection | None = None) -> Catalogue:
    """Describe the project. With a connection to a warehouse, columns carry the types they have there."""
    models = []
    for name in build_order(project):
        model = project.models[name]
        built = table_columns(connection, model.schema, name) if connection is not None else ()
        types: Mapping[str, str] = {column.name: column.type for column in built}
        origin = column_lineage(model, project)
        columns: Sequence[CatalogueColumn] = [
            CatalogueColumn(column.name, column.description, types.get(column.name), origin.get(column.name, ()))
            for column in model.columns
        ]
        reads = (*((project.models[ref].schema, ref) for ref in model.declared.refs), *model.declared.sources)
        models.append(
            CatalogueModel(
                name, model.schema, model.group, model.description, tuple(columns), model.checks, model.key, reads
            )
        )
    return Catalogue(tuple(models))
