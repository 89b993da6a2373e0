"""Runs one GraphQL operation over the company's plain objects.

graphql-core parses, validates and coerces; walking the answer is done here, because a page of a hundred issues with
fifty events each holds tens of thousands of fields: with the same field tables graphql-core's own executor needs 190 to
320 ms for it, this one 27. A selection is turned once per operation and object type into a list of steps, and each step
then runs on every object of that type.

Field tables (``repository.py``, ``issues.py``, ...) say how to read a field of a type::

    {"Issue": {"title": "title",                      # an attribute, or a dotted path of attributes
               "closed": lambda issue: ...,           # a function of the object
               "labels": lambda issue, call: ...}}    # a function of the object and its Call

Instants and dates stay objects until orjson writes them.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

from graphql import (
    FieldNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_non_null_type,
    print_ast,
)
from graphql.execution.collect_fields import collect_sub_fields
from graphql.execution.values import get_argument_values

from itpm_pipeline.sandbox.github.operation import ABOUT_SCHEMA, Operation
from itpm_pipeline.sandbox.github.world import World

Resolver = str | Callable[..., Any]
FieldTable = Mapping[str, Mapping[str, Resolver]]
Path = tuple[Any, str | int] | None
"""Where in the answer we are: the way to the parent, and the last step. Written out only when something fails."""


class Refusal(Exception):  # noqa: N818 - not our failure: an answer that GitHub gives
    """A field cannot be answered; ``type`` is GitHub's word for the reason, null for none.

    Raised by a resolver, or standing in a list of nullable objects for the one that is missing.
    """

    def __init__(self, type_: str | None, message: str) -> None:
        super().__init__(message)
        self.type = type_


class _Absent(Exception):  # noqa: N818 - control flow: a required field is null, so its parent is
    pass


@dataclass(slots=True)
class Call:
    """How a field was called: ``world`` is what all resolvers of the request share."""

    name: str
    args: dict[str, Any]
    world: World
    is_listed: bool
    """Whether anything but a count was asked of it, so that a connection needs its boundaries."""


class _Step(NamedTuple):
    key: str
    read: Callable[[Any], Any]
    complete: Callable[[Any, Path], Any] | None
    is_required: bool
    node: FieldNode


class Execution:
    """One run of an operation; ``type_name`` tells the GraphQL type of an object of the company."""

    def __init__(
        self, operation: Operation, fields: FieldTable, type_name: Callable[[Any], str], world: World
    ) -> None:
        self._operation = operation
        self._fields = fields
        self._type_name = type_name
        self._world = world
        self.errors: list[dict[str, Any]] = []

    def run(self, root: Any) -> dict[str, Any] | None:
        """The ``data`` of the answer; ``errors`` is complete afterwards."""
        query = cast("GraphQLObjectType", self._operation.schema.query_type)
        collected = {
            key: nodes for key, nodes in self._operation.root_fields.items() if nodes[0].name.value not in ABOUT_SCHEMA
        }
        try:
            return self._fill(self._steps(query, collected), root, None)
        except _Absent:
            return None

    def _steps(self, parent: GraphQLObjectType, collected: Mapping[str, list[FieldNode]]) -> list[_Step]:
        return [self._step(parent, key, nodes) for key, nodes in collected.items()]

    def _step(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> _Step:
        node = nodes[0]
        name = node.name.value
        if name == "__typename":
            return _Step(key, lambda _: parent.name, None, is_required=True, node=node)
        definition = parent.fields[name]
        call = Call(
            name=name,
            args=get_argument_values(definition, node, self._operation.variables),
            world=self._world,
            is_listed=_asks_more_than_a_count(node),
        )
        return _Step(
            key,
            _reader(self._fields[parent.name][name], call),
            self._completer(definition.type, nodes),
            is_required=is_non_null_type(definition.type),
            node=node,
        )

    def _completer(self, type_: GraphQLOutputType, nodes: list[FieldNode]) -> Callable[[Any, Path], Any] | None:
        """What turns a value as read into JSON; null if it is JSON already."""
        if isinstance(type_, GraphQLNonNull):
            return self._completer(type_.of_type, nodes)
        if isinstance(type_, GraphQLList):
            return self._list_completer(type_.of_type, nodes)
        if is_leaf_type(type_):
            return None
        return self._object_completer(type_, nodes)

    def _list_completer(self, of_type: GraphQLOutputType, nodes: list[FieldNode]) -> Callable[[Any, Path], Any] | None:
        item = self._completer(of_type, nodes)
        if item is None:
            return None
        is_required = is_non_null_type(of_type)

        def complete(values: Any, path: Path) -> list[Any]:
            out: list[Any] = []
            for index, value in enumerate(values):
                if value is None or value.__class__ is Refusal:
                    if value is not None:
                        self._refuse(value, (path, index), nodes[0])
                    out.append(None)
                    continue
                try:
                    out.append(item(value, (path, index)))
                except _Absent:
                    if is_required:
                        raise
                    out.append(None)
            return out

        return complete

    def _object_completer(self, type_: GraphQLOutputType, nodes: list[FieldNode]) -> Callable[[Any, Path], Any]:
        plans: dict[str, list[_Step]] = {}
        fixed = None if is_abstract_type(type_) else get_named_type(type_).name
        type_name = self._type_name
        fill = self._fill

        def complete(value: Any, path: Path) -> dict[str, Any]:
            name = fixed or type_name(value)
            plan = plans.get(name)
            if plan is None:
                plan = plans[name] = self._plan(name, nodes)
            return fill(plan, value, path)

        return complete

    def _plan(self, type_name: str, nodes: list[FieldNode]) -> list[_Step]:
        type_ = cast("GraphQLObjectType", self._operation.schema.type_map[type_name])
        collected = collect_sub_fields(
            self._operation.schema, self._operation.fragments, self._operation.variables, type_, nodes
        )
        return self._steps(type_, collected)

    def _fill(self, plan: list[_Step], source: Any, path: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, read, complete, is_required, node in plan:
            try:
                value = read(source)
                if complete is not None and value is not None:
                    value = complete(value, (path, key))
            except Refusal as refusal:
                self._refuse(refusal, (path, key), node)
                value = None
                if is_required:
                    raise _Absent from None
            except _Absent:
                if is_required:
                    raise
                value = None
            if value is None and is_required:
                raise AssertionError(f"the sandbox has no {node.name.value} for {print_ast(node)} at {written(path)}")
            out[key] = value
        return out

    def _refuse(self, refusal: Refusal, path: Path, node: FieldNode) -> None:
        error: dict[str, Any] = {} if refusal.type is None else {"type": refusal.type}
        error["path"] = written(path)
        error["locations"] = located(node)
        error["message"] = str(refusal)
        self.errors.append(error)


def written(path: Path) -> list[str | int]:
    """A path from the root of the answer, as it stands in an error."""
    steps: list[str | int] = []
    while path is not None:
        path, step = path
        steps.append(step)
    return steps[::-1]


def located(node: FieldNode) -> list[dict[str, int]]:
    """Where in the query's text a field stands, as it stands in an error."""
    if node.loc is None:
        return []
    token = node.loc.start_token
    return [{"line": token.line, "column": token.column}]


def _reader(resolver: Resolver, call: Call) -> Callable[[Any], Any]:
    if isinstance(resolver, str):
        return operator.attrgetter(resolver)
    if resolver.__code__.co_argcount == 1:
        return resolver
    return partial(_called, resolver, call)


def _called(resolver: Callable[[Any, Call], Any], call: Call, source: Any) -> Any:
    return resolver(source, call)


def _asks_more_than_a_count(node: FieldNode) -> bool:
    selection = node.selection_set.selections if node.selection_set else ()
    return any(not (isinstance(child, FieldNode) and child.name.value.endswith("Count")) for child in selection)
