"""Which columns each column of a model is made of, read from the SQL."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.dialects import SOURCE
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.render import render
from itpm_pipeline.modeling.sources import source_tables


@dataclass(frozen=True, slots=True, order=True)
class ColumnSource:
    """A column of a table outside the model."""

    schema: str
    table: str
    column: str


Lineage = Mapping[str, tuple[ColumnSource, ...]]
"""Column of a model → columns it is computed from, sorted; empty for constants and counts of rows."""


def column_lineage(model: Model, project: Project) -> Lineage:
    """Lineage of every described column, from the described columns of what it reads; no database is needed.

    Columns that only filter or order rows are not sources. Python models have no column lineage: empty.
    """
    if model.language != "sql":
        return {}
    statement = render(model, project)
    try:
        roots = lineage(None, statement, _readable(model, project), dialect=SOURCE, trim_selects=False)
    except (SqlglotError, ValueError) as error:
        raise ModelError(f"{model.path}: its column lineage cannot be read: {error}") from error
    described = {column.name for column in model.columns}
    found: dict[str, tuple[ColumnSource, ...]] = {}
    for column, root in roots.items():
        if column in described:
            sources = {
                ColumnSource(node.expression.db, node.expression.name, node.name.rpartition(".")[2].strip('"'))
                for node in root.walk()
                if isinstance(node.expression, exp.Table) and node.expression.db
            }
            found[column] = tuple(sorted(source for source in sources if source.column != "*"))
    return found


def _readable(model: Model, project: Project) -> dict[str, dict[str, dict[str, str]]]:
    """Schema → table → column → type of what the model reads. Types do not matter here."""
    tables: dict[str, dict[str, dict[str, str]]] = {}
    for name in model.declared.refs:
        upstream = project.model(name)
        if upstream.columns:
            tables.setdefault(upstream.schema, {})[name] = {column.name: "text" for column in upstream.columns}
    wanted = set(model.declared.sources)
    for table in source_tables():
        if (str(table.schema), str(table.name)) in wanted:
            columns = {str(column.name): "text" for column in table.columns}
            tables.setdefault(str(table.schema), {})[str(table.name)] = columns
    return tables
