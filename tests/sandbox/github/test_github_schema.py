"""The served schema is a part of GitHub's, element by element, and every field of it is read from the company."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_object_type,
    is_scalar_type,
    is_union_type,
    parse,
    print_schema,
    validate,
)

from itpm_pipeline.sandbox.github.documents import sandbox_schema
from itpm_pipeline.sandbox.github.fields import UNUSED_TYPES, field_table
from itpm_pipeline.sandbox.github.timeline import KINDS

OWN_SCALARS = {"Int", "Float", "String", "Boolean", "ID"}


@pytest.fixture(scope="module")
def official(shared: Path) -> GraphQLSchema:
    text = (shared / "specs" / "github-schema.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True)


def deviations(ours: GraphQLSchema, theirs: GraphQLSchema) -> Iterator[str]:
    """Everything of ``ours`` that ``theirs`` does not have exactly so."""
    for name, type_ in ours.type_map.items():
        if name.startswith("__") or name in OWN_SCALARS:
            continue
        other: Any = theirs.type_map.get(name)
        if other is None or type(other) is not type(type_):
            yield f"type {name}"
        elif is_union_type(type_):
            yield from (f"{name} | {t}" for t in type_.types if t.name not in {o.name for o in other.types})
        elif is_enum_type(type_):
            yield from (f"{name}.{value}" for value in type_.values if value not in other.values)
        elif not is_scalar_type(type_):
            yield from field_deviations(name, type_, other)


def field_deviations(name: str, type_: Any, other: Any) -> Iterator[str]:
    interfaces = {i.name for i in getattr(other, "interfaces", ())}
    yield from (f"{name} implements {i}" for i in getattr(type_, "interfaces", ()) if i.name not in interfaces)
    for field_name, field in type_.fields.items():
        real = other.fields.get(field_name)
        if real is None or str(real.type) != str(field.type):
            yield f"{name}.{field_name}"
            continue
        if is_input_object_type(type_):
            if field.default_value != real.default_value:
                yield f"{name}.{field_name} default"
            continue
        for argument_name, argument in field.args.items():
            twin = real.args.get(argument_name)
            if twin is None or str(twin.type) != str(argument.type) or twin.default_value != argument.default_value:
                yield f"{name}.{field_name}({argument_name})"
        required = {n for n, a in real.args.items() if str(a.type).endswith("!")}
        yield from (f"{name}.{field_name} lacks {missing}" for missing in required - field.args.keys())


@pytest.mark.realdata
def test_every_element_is_githubs(official: GraphQLSchema) -> None:
    assert list(deviations(sandbox_schema(), official)) == []


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("ours", "invented"),
    [
        ("body: String!", "body: String"),
        ("enum IssueState {\n  CLOSED", "enum IssueState {\n  SLEEPING\n  CLOSED"),
        ("includeArchived: Boolean = true", "includeArchived: Boolean = false"),
        ("percentCompleted: Int!", "percentCompleted: Int!\n  mood: Int"),
    ],
)
def test_the_comparison_finds_what_is_invented(official: GraphQLSchema, ours: str, invented: str) -> None:
    text = print_schema(sandbox_schema())
    assert ours in text
    assert list(deviations(build_schema(text.replace(ours, invented), assume_valid=True), official)) != []


def test_every_field_is_read() -> None:
    schema = sandbox_schema()
    table = field_table(schema)
    unread = [
        f"{name}.{field}"
        for name, type_ in schema.type_map.items()
        if is_object_type(type_) and not name.startswith("__") and name not in UNUSED_TYPES
        for field in type_.fields
        if field not in table.get(name, {})
    ]
    assert unread == []


def test_every_kind_of_event_is_in_the_timeline_union() -> None:
    union: Any = sandbox_schema().type_map["IssueTimelineItems"]
    assert {type_.name for type_ in union.types} == KINDS


@pytest.mark.realdata
def test_recorded_queries_of_a_real_client_fit(shared: Path) -> None:
    queries = set()
    for path in sorted((shared / "realdata" / "gr2m-projectsv2" / "recorded").glob("*/fixtures.json")):
        queries |= set(queries_in(json.loads(path.read_text(encoding="utf-8"))))
    documents = [parse(query) for query in queries]
    reading = [d for d in documents if d.definitions[0].operation.value == "query"]  # type: ignore[attr-defined]
    assert (len(documents), len(reading)) == (29, 8)
    assert [error.message for document in reading for error in validate(sandbox_schema(), document)] == []


def queries_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("query"), str):
            yield value["query"]
        for child in value.values():
            yield from queries_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from queries_in(child)
