"""Runs the tests of models and tells which rows fail them.

Statements are put together from quoted names and from expressions in our own yaml files, never from data.
"""
# ruff: noqa: S608

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.dialects import for_engine
from itpm_pipeline.modeling.execution import in_utc, run
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.render import Schemas, render_expression
from itpm_pipeline.modeling.schema_yaml import Check
from itpm_pipeline.warehouse.ops import CHECK_RESULT

SAMPLE = 5
"""Failing rows shown per check."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found. ``failed_rows`` counts rows, or keys that occur twice for the uniqueness checks.

    ``sample``: up to five failing rows, key columns and tested columns only, values as text (null stays None).
    """

    model: str
    name: str
    kind: str
    columns: tuple[str, ...]
    blocking: bool
    failed_rows: int
    sample: tuple[Mapping[str, str | None], ...] = ()
    description: str = ""

    @property
    def passed(self) -> bool:
        """No row fails."""
        return self.failed_rows == 0

    @property
    def examples(self) -> str:
        """The sample in one line."""
        return "; ".join(", ".join(f"{name}={value}" for name, value in row.items()) for row in self.sample)

    def __str__(self) -> str:
        examples = f", for example {self.examples}" if self.sample else ""
        return f"{self.model}: {self.name}: {self.failed_rows} failing{examples}"


def run_checks(
    connection: sa.Connection,
    project: Project,
    models: Iterable[str] | None = None,
    *,
    wanted: Callable[[Check], bool] = lambda _check: True,
) -> list[CheckResult]:
    """Run the wanted checks of the given models (default: all of all). ModelError if a check cannot be run at all."""
    results: list[CheckResult] = []
    in_utc(connection)
    for name in models if models is not None else project.models:
        model = project.model(name)
        results += _check_model(connection, project, model, [c for c in model.checks if wanted(c)])
    return results


def record_results(connection: sa.Connection, results: Sequence[CheckResult]) -> None:
    """Replace the rows of these checks in ops.check_result."""
    if not results:
        return
    names = {(result.model, result.name) for result in results}
    connection.execute(
        sa.delete(CHECK_RESULT).where(sa.tuple_(CHECK_RESULT.c.model, CHECK_RESULT.c.check_name).in_(sorted(names)))
    )
    checked_at = datetime.now(UTC)
    connection.execute(
        sa.insert(CHECK_RESULT),
        [
            {
                "model": result.model,
                "check_name": result.name,
                "severity": "error" if result.blocking else "warning",
                "passed": result.passed,
                "failed_rows": result.failed_rows,
                "sample": json.dumps(list(result.sample), ensure_ascii=False),
                "checked_at": checked_at,
            }
            for result in results
        ],
    )


def require_passed(results: Iterable[CheckResult]) -> None:
    """Raise ModelError that names every failed blocking check with sample rows; warnings pass."""
    failed = [result for result in results if result.blocking and not result.passed]
    if failed:
        lines = "\n  ".join(str(result) for result in failed)
        raise ModelError(f"{len(failed)} blocking check(s) failed; the last good version stays published.\n  {lines}")


def _check_model(
    connection: sa.Connection, project: Project, model: Model, checks: Sequence[Check]
) -> list[CheckResult]:
    """All row-wise checks of a model in one scan, each of the others in its own."""
    schemas = Schemas.of(connection)
    relation = schemas.relation(model.schema, model.name)
    predicates = {check.name: _failing_row(check) for check in checks if check.kind in _ROW_WISE}
    counts: dict[str, int] = {}
    if predicates:
        counters = ", ".join(f"count(*) filter (where {predicate})" for predicate in predicates.values())
        (row,) = _rows(connection, f"select {counters} from {relation}", model, "row-wise checks")
        counts = dict(zip(predicates, row, strict=True))
    results = []
    for check in checks:
        if check.kind in _ROW_WISE:
            failed = counts[check.name]
            shown = tuple(dict.fromkeys((*model.key, *check.columns)))
            failing = f"select {_list(shown)} from {relation} where {predicates[check.name]}"
        else:
            shown = check.columns
            failing = _ACROSS_ROWS[check.kind](check, relation, project, schemas)
            ((failed,),) = _rows(connection, f"select count(*) from ({failing}) as failing", model, check.name)
        sample = _sample(connection, failing, shown, model, check) if failed and shown else ()
        results.append(
            CheckResult(
                model.name, check.name, check.kind, check.columns, check.blocking, failed, sample, check.description
            )
        )
    return results


def _sample(
    connection: sa.Connection, failing: str, shown: tuple[str, ...], model: Model, check: Check
) -> tuple[Mapping[str, str | None], ...]:
    order = ", ".join(str(position + 1) for position in range(len(shown)))
    rows = _rows(connection, f"{failing} order by {order} limit {SAMPLE}", model, check.name)
    return tuple(
        {name: None if value is None else str(value) for name, value in zip(shown, row, strict=False)} for row in rows
    )


def _rows(connection: sa.Connection, duckdb_sql: str, model: Model, check: str) -> list[Any]:
    try:
        return list(run(connection, for_engine(duckdb_sql, connection)))
    except SQLAlchemyError as error:
        raise ModelError(f"{model.name}: the check {check} cannot be run: {error.__cause__ or error}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(columns: Iterable[str]) -> str:
    return ", ".join(_quoted(column) for column in columns) or "1"


def _literal(value: Any, *, quote: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if quote and isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _is_null(check: Check) -> str:
    return f"{_quoted(check.columns[0])} is null"


def _is_not_accepted(check: Check) -> str:
    quote = check.arguments.get("quote", True)
    values = ", ".join(_literal(value, quote=quote) for value in check.arguments["values"])
    return f"{_quoted(check.columns[0])} not in ({values})"


def _is_not_true(check: Check) -> str:
    """As in dbt_utils: on a column, the expression continues it (``expression: ">= 0"``); null passes."""
    expression = check.arguments["expression"]
    return f"not ({_quoted(check.columns[0])} {expression})" if check.columns else f"not ({expression})"


_ROW_WISE = {"not_null": _is_null, "accepted_values": _is_not_accepted, "expression_is_true": _is_not_true}


def _failing_row(check: Check) -> str:
    predicate = _ROW_WISE[check.kind](check)
    return f"({check.where}) and ({predicate})" if check.where else predicate


def _repeated(check: Check, relation: str, _project: Project, _schemas: Schemas) -> str:
    columns = _list(check.columns)
    conditions = [f"({check.where})"] if check.where else []
    if check.kind == "unique":
        conditions.append(f"{columns} is not null")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select {columns}, count(*) as occurrences from {relation}{where} group by {columns} having count(*) > 1"


def _orphaned(check: Check, relation: str, project: Project, schemas: Schemas) -> str:
    column, parent_key = _quoted(check.columns[0]), _quoted(check.arguments["field"])
    parent = render_expression(check.arguments["to"], project, schemas)
    where = f" and ({check.where})" if check.where else ""
    return (
        f"select {column} from {relation} as child where {column} is not null{where} and not exists "
        f"(select 1 from {parent} as parent where parent.{parent_key} = child.{column})"
    )


_ACROSS_ROWS = {"unique": _repeated, "unique_combination_of_columns": _repeated, "relationships": _orphaned}
