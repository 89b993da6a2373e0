"""Finds out, without running a model, which tables it reads."""

import ast
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from itpm_pipeline.errors import ModelError


@dataclass(frozen=True, slots=True)
class Declarations:
    """What a model reads: other models by name, and (schema, table) pairs of sources; in order, without repeats."""

    refs: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()


ARGUMENTS = {"ref": 1, "source": 2}


def declared_by_sql(code: str, path: str) -> Declarations:
    """Read ``{{ ref('…') }}`` and ``{{ source('…', '…') }}``; any other templating is a ModelError."""
    try:
        tree = ImmutableSandboxedEnvironment().parse(code)
    except TemplateSyntaxError as error:
        raise ModelError(f"{path}, line {error.lineno}: the template cannot be read: {error.message}") from error
    for statement in tree.find_all(nodes.Stmt):
        if not isinstance(statement, nodes.Output):
            raise ModelError(
                f"{path}, line {statement.lineno}: only ref, source and config may stand in a template; "
                f"found {type(statement).__name__}."
            )
    found: dict[str, dict[tuple[str, ...], None]] = {"ref": {}, "source": {}}
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        if name == "config":
            continue
        if name not in ARGUMENTS:
            raise ModelError(f"{path}, line {call.lineno}: only ref, source and config may stand in a template.")
        values = tuple(argument.value for argument in call.args if isinstance(argument, nodes.Const))
        _accept(found, name, values, len(call.args), f"{path}, line {call.lineno}")
    return _declarations(found)


def declared_by_python(code: str, path: str) -> Declarations:
    """Read ``dbt.ref("…")`` and ``dbt.source("…", "…")`` of a dbt Python model (``def model(dbt, session)``)."""
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise ModelError(f"{path}, line {error.lineno}: {error.msg}") from error
    if not any(isinstance(node, ast.FunctionDef) and node.name == "model" for node in tree.body):
        raise ModelError(f"{path}: a Python model defines model(dbt, session).")
    found: dict[str, dict[tuple[str, ...], None]] = {"ref": {}, "source": {}}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ARGUMENTS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "dbt"
        ):
            values = tuple(argument.value for argument in node.args if isinstance(argument, ast.Constant))
            _accept(found, node.func.attr, values, len(node.args), f"{path}, line {node.lineno}")
    return _declarations(found)


def _accept(
    found: dict[str, dict[tuple[str, ...], None]], name: str, values: tuple[object, ...], given: int, where: str
) -> None:
    if given != ARGUMENTS[name] or len(values) != given or not all(isinstance(value, str) for value in values):
        raise ModelError(f"{where}: {name} takes {ARGUMENTS[name]} name(s) in quotes.")
    found[name][tuple(str(value) for value in values)] = None


def _declarations(found: dict[str, dict[tuple[str, ...], None]]) -> Declarations:
    return Declarations(
        refs=tuple(name for (name,) in found["ref"]),
        sources=tuple((schema, table) for schema, table in found["source"]),
    )
