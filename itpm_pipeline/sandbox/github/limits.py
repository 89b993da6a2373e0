"""What a query costs, the most it may ask for, and the hourly budget.

The rules are those of docs.github.com, "Rate limits and node limits for the GraphQL API": the nodes a query may return
are counted by multiplying the page sizes on the way down; its points are the requests needed to fetch each connection
once for each parent, divided by a hundred, at least one. Fragments on different types are counted one and all.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_union_type,
)
from graphql.execution.values import get_argument_values

from itpm_pipeline.sandbox.github.operation import Operation

MOST_NODES = 500_000
MOST_NODE_IDS = 100


class Estimate(NamedTuple):
    """What a query may need: ``cost`` in points, ``nodes`` at most returned."""

    cost: int
    nodes: int


class Standing(NamedTuple):
    """An hourly budget at an instant; all zero where limits are switched off."""

    limit: int
    used: int
    reset_at: datetime

    @property
    def remaining(self) -> int:
        """Points or requests left until ``reset_at``."""
        return max(self.limit - self.used, 0)


def estimate(operation: Operation) -> Estimate:
    """Points and nodes of an operation, from its text and variables alone."""
    return _Estimator(operation).estimate()


@dataclass(slots=True)
class _Estimator:
    operation: Operation
    requests: int = 0
    nodes: int = 0

    def estimate(self) -> Estimate:
        root = cast("GraphQLObjectType", self.operation.schema.query_type)
        self._visit(self.operation.definition.selection_set, root, 1)
        return Estimate(max(math.floor(self.requests / 100 + 0.5), 1), self.nodes)

    def _visit(self, selection: SelectionSetNode, parent: Any, times: int) -> None:
        for child in selection.selections:
            match child:
                case FieldNode():
                    self._visit_field(child, parent, times)
                case InlineFragmentNode():
                    condition = child.type_condition
                    type_ = self.operation.schema.type_map[condition.name.value] if condition else parent
                    self._visit(child.selection_set, type_, times)
                case FragmentSpreadNode():
                    fragment = self.operation.fragments[child.name.value]
                    type_ = self.operation.schema.type_map[fragment.type_condition.name.value]
                    self._visit(fragment.selection_set, type_, times)

    def _visit_field(self, node: FieldNode, parent: Any, times: int) -> None:
        if node.selection_set is None or is_union_type(parent) or node.name.value.startswith("__"):
            return
        definition = cast("GraphQLObjectType | GraphQLInterfaceType", parent).fields[node.name.value]
        type_ = get_named_type(definition.type)
        if not is_composite_type(type_):
            return
        args = get_argument_values(definition, node, self.operation.variables)
        size = 1
        if type_.name.endswith("Connection"):
            size = args.get("first") or args.get("last") or 0
            self.requests += times
            self.nodes += times * size
        elif "ids" in args:
            size = len(args["ids"])
            self.nodes += times * size
        self._visit(node.selection_set, type_, times * size)


class Budget:
    """Points or requests for an hour, which begins with the first one; ``limit`` null: limits are switched off."""

    def __init__(self, limit: int | None, now: Callable[[], datetime]) -> None:
        self.limit = limit
        self._now = now
        self._used = 0
        self._reset_at: datetime | None = None

    def standing(self) -> Standing:
        """The budget now."""
        now = self._now().replace(microsecond=0)
        if self.limit is None:
            return Standing(0, 0, now)
        if self._reset_at is None or now >= self._reset_at:
            return Standing(self.limit, 0, now + timedelta(hours=1))
        return Standing(self.limit, self._used, self._reset_at)

    def spend(self, points: int) -> bool:
        """Take ``points``; false, and nothing taken, when they are not there."""
        if self.limit is None:
            return True
        standing = self.standing()
        if standing.remaining < points:
            return False
        self._used = standing.used + points
        self._reset_at = standing.reset_at
        return True
