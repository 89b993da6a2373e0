"""What makes a model computable for some of its keys alone: ``meta: {incremental: …}`` in its yaml, read strictly.

A model is separable by a column if its rows of key k depend on nothing but the rows of key k of the tables that have
the column, and the whole of the tables that have not. ::

    meta:
      incremental:
        by: issue_id                                  # a column of text that is never null
        named: {core.field_observation: entity_id}    # tables in which the key has another name
        whole: [int_link_end]                         # tables that have the column and are read as a whole all the same
        reached:                                      # tables read as a whole whose changes concern some keys only
          - {of: int_sprint_clock, by: sprint_id,
             keys: select issue_id from int_sprint_membership where sprint_id in (select key from changed)}
          - {of: as_of, keys: select issue_id from int_issue where created_at > :since and created_at <= :until}

``keys`` is a query on tables that the model reads, or on the model as it was, named without ref and source. It tells
which keys a change concerns: ``changed`` are the changed values of ``by``; ``:since`` and ``:until`` are the instants
of the last build and of this one, of which the earlier comes first. Keys whose own rows changed need not be told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlglot
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.declarations import Declarations
from itpm_pipeline.modeling.dialects import SOURCE
from itpm_pipeline.modeling.sources import source_tables

AS_OF = "as_of"
CHANGED = "changed"
SINCE, UNTIL = "since", "until"
META = "incremental"

Table = tuple[str, str]
"""Schema and name."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reach(_Strict):
    """A table (or ``as_of``) that is read as a whole, and which keys are concerned when it changes."""

    of: str
    by: str | None = None
    keys: str


class Separable(_Strict):
    """The declaration of one model."""

    by: str
    named: dict[str, str] = {}
    whole: tuple[str, ...] = ()
    reached: tuple[Reach, ...] = ()

    @property
    def reach_of_time(self) -> Reach | None:
        """How ``as_of`` concerns the model, if it is told."""
        return next((reach for reach in self.reached if reach.of == AS_OF), None)


class Described(Protocol):
    """The part of a model that is looked at here."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def schema(self) -> str: ...  # noqa: D102
    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def declared(self) -> Declarations: ...  # noqa: D102
    @property
    def columns(self) -> tuple[Any, ...]: ...  # noqa: D102
    @property
    def separable(self) -> Separable | None: ...  # noqa: D102


def separable_of(meta: Mapping[str, Any], where: str, language: str) -> Separable | None:
    """The declaration in a model's meta, None if there is none; ModelError names ``where`` if it is wrong."""
    if META not in meta:
        return None
    try:
        found = Separable.model_validate(meta[META])
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{where}: {META}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    if language != "sql":
        raise ModelError(f"{where}: {META}: only models in SQL can be built for some of their keys.")
    for reach in found.reached:
        if (reach.of == AS_OF) != (reach.by is None):
            raise ModelError(f"{where}: {META}: reached: {reach.of}: 'by' names the column whose values change.")
    return found


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a separable model reads.

    ``keyed``: table → the column that holds the model's key. ``reached``: table → how its changes are carried to keys.
    ``whole``: tables whose every change concerns every key.
    """

    keyed: Mapping[Table, str]
    reached: Mapping[Table, Reach]
    whole: tuple[Table, ...]

    def watched(self) -> Iterator[tuple[Table, str]]:
        """Tables of which is looked at what changed, with the column that tells."""
        yield from self.keyed.items()
        for table, reach in self.reached.items():
            assert reach.by is not None
            yield table, reach.by


def inputs_of(model: Described, models: Mapping[str, Described]) -> Inputs:
    """Sorts what a separable model reads; ModelError where the declaration names what it does not read."""
    declared = model.separable
    assert declared is not None
    tables = {name: (models[name].schema, name) for name in model.declared.refs}
    tables |= {f"{schema}.{table}": (schema, table) for schema, table in model.declared.sources}
    reached = {tables.get(reach.of): reach for reach in declared.reached if reach.of != AS_OF}
    strange = {*declared.named, *declared.whole, *(reach.of for reach in reached.values())} - tables.keys()
    if strange:
        raise ModelError(f"{model.path}: {META}: it does not read {', '.join(sorted(strange))}.")
    keyed: dict[Table, str] = {}
    whole: list[Table] = []
    for name, table in tables.items():
        if table in reached:
            continue
        column = declared.named.get(name, declared.by)
        if name in declared.named or (name not in declared.whole and column in _columns(name, table, models)):
            keyed[table] = column
        else:
            whole.append(table)
    return Inputs(keyed, {table: reach for table, reach in reached.items() if table is not None}, tuple(whole))


def _columns(name: str, table: Table, models: Mapping[str, Described]) -> set[str]:
    if name in models:
        return {column.name for column in models[name].columns}
    return {str(column.name) for known in source_tables() for column in known.columns
            if (str(known.schema), str(known.name)) == table}  # fmt: skip


def readers_of(models: Mapping[str, Described]) -> dict[Table, list[tuple[str, str]]]:
    """Table → the models that want to know what changed in it, each with the column that tells."""
    found: dict[Table, list[tuple[str, str]]] = {}
    for name, model in models.items():
        if model.separable is not None:
            for table, column in inputs_of(model, models).watched():
                found.setdefault(table, []).append((name, column))
    return found


def tables_in(query: str, model: Described, models: Mapping[str, Described]) -> dict[str, Table]:
    """Tables that a query of keys names, as it names them. ModelError if the model reads one of them not."""
    found: dict[str, Table] = {}
    for node in _parsed(query, model).find_all(exp.Table):
        name = f"{node.db}.{node.name}" if node.db else node.name
        if name == CHANGED:
            continue
        if node.db and (node.db, node.name) in model.declared.sources:
            found[name] = (node.db, node.name)
        elif name == model.name or name in model.declared.refs:
            found[name] = (models[name].schema, name)
        else:
            raise ModelError(f"{model.path}: {META}: a query of keys asks {name}, which the model does not read.")
    return found


def query_of_keys(
    query: str,
    model: Described,
    models: Mapping[str, Described],
    replaced: Mapping[Table, str],
    values: Mapping[str, str],
) -> str:
    """The query in DuckDB's dialect, with real names for tables and ``changed``, and values for ``:since``, ``:until``.

    ``replaced``: (schema, table) → quoted name, ``changed`` under the schema ""; ``values``: name → expression.
    """
    names = {**tables_in(query, model, models), CHANGED: ("", CHANGED)}

    def put(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table):
            table = names[f"{node.db}.{node.name}" if node.db else node.name]
            if table in replaced:
                return exp.to_table(replaced[table], dialect=SOURCE, alias=node.alias or node.name)
        if isinstance(node, exp.Placeholder) and node.name in values:
            return sqlglot.parse_one(values[node.name], read=SOURCE)
        return node

    return _parsed(query, model).transform(put).sql(SOURCE)


def _parsed(query: str, model: Described) -> exp.Expr:
    try:
        return sqlglot.parse_one(query, read=SOURCE)
    except SqlglotError as error:
        raise ModelError(f"{model.path}: {META}: a query of keys cannot be read: {error}") from error
