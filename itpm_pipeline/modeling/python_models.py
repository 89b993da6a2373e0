"""Runs dbt Python models: ``def model(dbt, session)`` returning an Arrow table or a pandas frame.

For what SQL cannot do (graph algorithms, simulation). The file stays thin and calls ``itpm_pipeline.analytics``; real
dbt-duckdb runs the same file, so a model may use only ``dbt.config``, ``dbt.ref(…)``, ``dbt.source(…)`` and, on what
these return, ``.arrow()`` and ``.df()``.
"""

import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.errors import ItpmError, ModelError
from itpm_pipeline.modeling.bulk import create_table, read_table
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.render import Schemas

if TYPE_CHECKING:  # Dagster loads this module in all its processes; pandas takes as long as Dagster itself.
    import pandas as pd


class Relation:
    """A table to read, as Arrow or as a frame."""

    def __init__(self, connection: sa.Connection, relation: str) -> None:
        self._connection, self._relation = connection, relation

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        return read_table(self._connection, self._relation)

    def df(self) -> "pd.DataFrame":
        """All rows as a pandas frame."""
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame


class _Dbt:
    """The part of dbt's object that our models may use."""

    def __init__(self, connection: sa.Connection, project: Project, schemas: Schemas) -> None:
        self._connection, self._project, self._schemas = connection, project, schemas

    def config(self, **_settings: Any) -> None:
        """Settings are dbt's own affair."""

    def ref(self, name: str) -> Relation:
        return Relation(self._connection, self._schemas.relation(self._project.model(name).schema, name))

    def source(self, schema: str, table: str) -> Relation:
        return Relation(self._connection, self._schemas.relation(schema, table))


def run_python_model(connection: sa.Connection, model: Model, project: Project, schemas: Schemas) -> None:
    """Run the model and write its result as its table. ModelError names the model when it fails."""
    namespace: dict[str, Any] = {"__name__": f"dbt_like_sql.{model.name}", "__file__": model.path}
    try:
        exec(compile(model.code, model.path, "exec"), namespace)  # noqa: S102  our own file, the way dbt runs it
        result = namespace["model"](_Dbt(connection, project, schemas), connection)
    except ItpmError:
        raise
    except Exception as error:
        raise ModelError(f"{model.path}: {type(error).__name__}: {error}") from error
    table = result if isinstance(result, pa.Table) else _from_frame(result)
    if table is None:
        raise ModelError(f"{model.path}: returned {type(result).__name__}, not an Arrow table or a frame.")
    create_table(connection, schemas.relation(model.schema, model.name), table)


def _from_frame(result: object) -> pa.Table | None:
    """A pandas frame as a table; None if it is none. There can be no frame before somebody imported pandas."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(result, pandas.DataFrame):
        return None
    return pa.Table.from_pandas(result, preserve_index=False)
