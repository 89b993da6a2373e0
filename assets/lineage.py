"""Column lineage of the models, kept between runs.

It depends on code alone, and reading it from the SQL takes longer than to build the tables of a small site.
"""

import json
from collections.abc import Mapping
from dataclasses import astuple
from hashlib import sha256
from importlib.metadata import version
from inspect import getsource

import dagster as dg

from itpm_pipeline.modeling import lineage
from itpm_pipeline.modeling.lineage import ColumnSource, Lineage, column_lineage
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.modeling.sources import source_tables

_KEPT = "itpm/column_lineage"
"""Key among the values that Dagster keeps for daemons and the like, in whatever storage it has."""


def lineage_of_models(instance: dg.DagsterInstance, project: Project) -> Mapping[str, Lineage]:
    """Lineage by model: as the instance keeps it from an earlier run with the same code, else read from the SQL."""
    storage = instance.daemon_cursor_storage
    code = _fingerprint(project)
    kept = json.loads(storage.get_cursor_values({_KEPT}).get(_KEPT, "{}"))
    if kept.get("code") == code:
        return {
            model: {column: tuple(ColumnSource(*source) for source in sources) for column, sources in columns.items()}
            for model, columns in kept["models"].items()
        }
    found = {name: column_lineage(model, project) for name, model in project.models.items()}
    models = {
        model: {column: [astuple(source) for source in sources] for column, sources in columns.items()}
        for model, columns in found.items()
    }
    storage.set_cursor_values({_KEPT: json.dumps({"code": code, "models": models})})
    return found


def _fingerprint(project: Project) -> str:
    """Changes when anything does that lineage is read from, or the way in which it is read."""
    parts = [version("sqlglot"), getsource(lineage)]
    for name, model in sorted(project.models.items()):
        parts += [name, model.schema, model.code, *(column.name for column in model.columns)]
    parts += [f"{table}: {', '.join(map(str, table.columns.keys()))}" for table in source_tables()]
    return sha256("\n".join(parts).encode()).hexdigest()
