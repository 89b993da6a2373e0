"""Answers GraphQL requests: what POST /graphql returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itpm_pipeline.sandbox.github.directory import Directory
from itpm_pipeline.sandbox.github.documents import InvalidQueryError, introspected, prepare, sandbox_schema
from itpm_pipeline.sandbox.github.entities import QueryRoot, type_name
from itpm_pipeline.sandbox.github.execution import Execution
from itpm_pipeline.sandbox.github.fields import field_table
from itpm_pipeline.sandbox.github.limits import MOST_NODES, Budget, Estimate, estimate
from itpm_pipeline.sandbox.github.operation import Operation
from itpm_pipeline.sandbox.github.world import World


@dataclass(slots=True)
class Answer:
    """The body to send, and the points that were spent on it."""

    body: dict[str, Any]
    points: int


class GraphqlApi:
    """Runs queries on the company within the hourly budget."""

    def __init__(self, directory: Directory, budget: Budget) -> None:
        self._directory = directory
        self._budget = budget
        self._fields = field_table(sandbox_schema())

    def answer(self, request: Any, now: datetime) -> Answer:
        """The answer to a posted JSON value; GitHub says 200 even to a query it refuses."""
        if not isinstance(request, dict) or not isinstance(request.get("query"), str):
            return Answer({"errors": [{"message": "A query attribute must be specified and must be a string."}]}, 0)
        text, name, variables = request["query"], request.get("operationName"), request.get("variables") or {}
        if not isinstance(variables, dict) or not isinstance(name, str | None):
            return Answer({"errors": [{"message": "Variables must be an object and operationName a string."}]}, 0)
        try:
            operation = prepare(text, variables, name)
        except InvalidQueryError as invalid:
            return Answer({"errors": invalid.errors}, 0)
        needed = estimate(operation)
        if needed.nodes > MOST_NODES:
            return Answer({"errors": [_too_many_nodes(needed)]}, 0)
        return self._run(operation, needed, now)

    def _run(self, operation: Operation, needed: Estimate, now: datetime) -> Answer:
        points = 0 if operation.is_dry_run else needed.cost
        if not self._budget.spend(points):
            message = f"API rate limit exceeded for user ID {self._directory.viewer.github_database_id}."
            return Answer({"errors": [{"type": "RATE_LIMITED", "message": message}]}, 0)
        self._directory.refresh()
        world = World(self._directory, now, needed, self._budget.standing())
        execution = Execution(operation, self._fields, type_name, world)
        data = execution.run(QueryRoot())
        body: dict[str, Any] = {"data": data if data is None else introspected(operation) | data}
        if execution.errors:
            body["errors"] = execution.errors
        return Answer(body, points)


def _too_many_nodes(needed: Estimate) -> dict[str, Any]:
    message = (
        f"This query requests up to {needed.nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
    )
    return {"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message}
