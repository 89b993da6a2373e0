"""Query documents: parsed and validated once per text, then run with their variables."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from itpm_pipeline.sandbox.github.operation import Operation

UNKNOWN_FIELD = re.compile(r"^Cannot query field '(?P<field>\w+)' on type '(?P<type>\w+)'\.")


class InvalidQueryError(Exception):
    """The document cannot be run; ``errors`` is the answer's."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(error["message"] for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class _Document:
    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    node: DocumentNode


@cache
def sandbox_schema() -> GraphQLSchema:
    """The subset of GitHub's schema that the sandbox serves."""
    text = resources.files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8")
    schema = build_schema(text)
    for name in ("DateTime", "GitTimestamp"):
        schema.type_map[name].parse_value = _instant  # type: ignore[attr-defined]
    return schema


def _instant(text: Any) -> datetime:
    if not isinstance(text, str):
        raise GraphQLError(f"{text!r} is not an ISO 8601 instant")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise GraphQLError(f"{text!r} is not an ISO 8601 instant") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def prepare(text: str, variables: dict[str, Any], operation_name: str | None) -> Operation:
    """The operation that a request names, ready to run.

    Raises:
        InvalidQueryError: it does not parse, fails validation, or its variables do.
    """
    document = _document(text)
    definition = _chosen(document, operation_name)
    if definition.operation is not OperationType.QUERY:
        raise InvalidQueryError([{"message": "The sandbox answers queries only."}])
    coerced = get_variable_values(sandbox_schema(), definition.variable_definitions or (), variables)
    if isinstance(coerced, list):
        raise InvalidQueryError([_as_github(error) for error in coerced])
    return Operation(sandbox_schema(), definition, document.fragments, coerced, variables)


def introspected(operation: Operation) -> dict[str, Any]:
    """The part of the answer that tells of the schema itself (``__schema``, ``__type``), by key."""
    if not operation.introspection:
        return {}
    asked = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=operation.definition.variable_definitions,
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(operation.introspection)),
    )
    document = DocumentNode(definitions=(asked, *operation.fragments.values()))
    return execute_sync(sandbox_schema(), document, variable_values=operation.raw_variables).data or {}


def _chosen(document: _Document, operation_name: str | None) -> OperationDefinitionNode:
    if operation_name is None and len(document.operations) == 1:
        return next(iter(document.operations.values()))
    try:
        return document.operations[operation_name or ""]
    except KeyError:
        message = f"No operation named {operation_name!r}" if operation_name else "An operation name is required"
        raise InvalidQueryError([{"message": message}]) from None


@lru_cache(maxsize=256)
def _document(text: str) -> _Document:
    try:
        node = parse(text)
    except GraphQLError as error:
        raise InvalidQueryError([_as_github(error)]) from error
    errors = validate(sandbox_schema(), node)
    if errors:
        raise InvalidQueryError([_as_github(error) for error in errors])
    operations = {d.name.value if d.name else "": d for d in node.definitions if isinstance(d, OperationDefinitionNode)}
    fragments = {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}
    return _Document(operations, fragments, node)


def _as_github(error: GraphQLError) -> dict[str, Any]:
    """An error in GitHub's words where we know them."""
    shaped: dict[str, Any] = {"message": error.message}
    if error.locations:
        shaped["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    unknown = UNKNOWN_FIELD.match(error.message)
    if unknown:
        field, type_ = unknown["field"], unknown["type"]
        shaped["message"] = f"Field '{field}' doesn't exist on type '{type_}'"
        shaped["extensions"] = {"code": "undefinedField", "typeName": type_, "fieldName": field}
    return shaped
