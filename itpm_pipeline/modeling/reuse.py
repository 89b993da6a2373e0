"""Tells whether a model must be built again: only if its code, or the content of anything it reads, has changed.

What it reads is compared by content, not by when it was written: a model that was built again and came out the same
costs those that read it nothing. Of the parameters only those count that the model names, so that a new ``as_of`` does
not concern a model that never looks at it.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
import sqlglot
from sqlglot import exp

from itpm_pipeline.modeling.dialects import SOURCE
from itpm_pipeline.modeling.journal import Journal
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.render import render
from itpm_pipeline.modeling.separable import AS_OF, Table, inputs_of
from itpm_pipeline.warehouse.ops import BUILD_PARAMETER, MODEL_BUILD

LIBRARIES = ("numpy", "pandas", "pyarrow", "networkx")
"""What Python models compute with, beside this library."""
PARAMETERS = (str(BUILD_PARAMETER.schema), str(BUILD_PARAMETER.name))


@dataclass(frozen=True, slots=True)
class LastBuild:
    """What a table was built from, and what it holds."""

    inputs: str
    content: str
    rows: int


def frame_of(connection: sa.Connection, model: Model, project: Project, journal: Journal) -> str:
    """Hash of all that decides what the model's table is: code, descriptions, engine, content of what it reads.

    Of a separable model without what concerns only some of its keys: the journal knows that.
    """
    described = [model.description, *(f"{column.name}: {column.description}" for column in model.columns)]
    parts = [code_of(model), *described, _engine_version(), str(connection.dialect.server_version_info)]
    noted: set[Table] = set()
    if model.separable is not None:
        parts.append(model.separable.model_dump_json())
        noted = {table for table, _ in inputs_of(model, project.models).watched()}
    built = last_builds(connection, model.declared.refs)
    for name in model.declared.refs:
        table = (project.model(name).schema, name)
        if table not in noted:
            parts.append(built[name].content if name in built else str(journal.content(table)))
    for table in model.declared.sources:
        if table == PARAMETERS:
            parts += _values(connection, sorted(framing_parameters(model, project)))
        elif table not in noted:
            parts.append(str(journal.content(table)))
    return sha256("\n".join(parts).encode()).hexdigest()


def framing_parameters(model: Model, project: Project) -> frozenset[str]:
    """Parameters of which every change concerns all rows of a model."""
    found = parameters_of(model, project)
    is_told = model.separable is not None and model.separable.reach_of_time is not None
    return found - {AS_OF} if is_told else found


def last_builds(connection: sa.Connection, names: Sequence[str]) -> dict[str, LastBuild]:
    """What was recorded when these models were built last; those that never were are left out."""
    if not names:
        return {}
    rows = connection.execute(sa.select(MODEL_BUILD).where(MODEL_BUILD.c.model.in_(names))).mappings()
    return {row["model"]: LastBuild(row["inputs"], row["content"], row["row_count"]) for row in rows}


def record_build(connection: sa.Connection, name: str, build: LastBuild) -> None:
    """Remember a build, in the transaction that made the table."""
    connection.execute(sa.delete(MODEL_BUILD).where(MODEL_BUILD.c.model == name))
    connection.execute(
        sa.insert(MODEL_BUILD),
        [{"model": name, "inputs": build.inputs, "content": build.content, "row_count": build.rows}],
    )


def code_of(model: Model) -> str:
    """The model's code; of a Python model also all it may call."""
    return model.code if model.language == "sql" else f"{model.code}\n{_library()}"


def parameters_of(model: Model, project: Project) -> frozenset[str]:
    """Columns of ops.build_parameter that may matter for a model: those it names, all if a star takes them along."""
    return _parameters_in(render(model, project)) if model.language == "sql" else _every_parameter()


def _every_parameter() -> frozenset[str]:
    return frozenset(str(column.name) for column in BUILD_PARAMETER.columns)


@lru_cache(maxsize=1024)
def _parameters_in(statement: str) -> frozenset[str]:
    every = _every_parameter()
    tree = sqlglot.parse_one(statement, read=SOURCE)
    carriers = {PARAMETERS[1]} | {
        cte.alias for cte in tree.find_all(exp.CTE) if _is_plain_copy(cte.this)
    }
    for select in tree.find_all(exp.Select):
        if _is_plain_copy(select) and isinstance(select.parent, exp.CTE):
            continue
        aliases = {table.alias_or_name for table in _tables(select) if table.name in carriers}
        if aliases and any(_takes_all(item, aliases) for item in select.expressions):
            return every
    return every & {column.name for column in tree.find_all(exp.Column)}


def _is_plain_copy(node: exp.Expr) -> bool:
    """Is it ``select * from ops.build_parameter``."""
    return (
        isinstance(node, exp.Select)
        and [table.name for table in _tables(node)] == [PARAMETERS[1]]
        and all(isinstance(item, exp.Star) for item in node.expressions)
    )


def _tables(select: exp.Select) -> Iterator[exp.Table]:
    """Tables that this select itself reads, by from or join."""
    sources = [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or ())]
    for source in sources:
        if source is not None and isinstance(source.this, exp.Table):
            yield source.this


def _takes_all(item: exp.Expr, aliases: set[str]) -> bool:
    if isinstance(item, exp.Star):
        return True
    return isinstance(item, exp.Column) and isinstance(item.this, exp.Star) and item.table in aliases


def _values(connection: sa.Connection, names: list[str]) -> list[str]:
    row = connection.execute(sa.select(*(BUILD_PARAMETER.c[name] for name in names))).one() if names else ()
    return [f"{name}={value!r}" for name, value in zip(names, row, strict=True)]


@cache
def _engine_version() -> str:
    return version("duckdb")  # it opens a file


@cache
def _library() -> str:
    """Hash of this library and of those that Python models compute with."""
    digest = sha256(sys.version.encode())
    for name in LIBRARIES:
        digest.update(f"{name}=={version(name)}".encode())
    root = Path(__file__).resolve().parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
