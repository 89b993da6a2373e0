"""Tests from yaml as asset checks: those of one table beside its model, those that compare tables after all models.

A relationship may point to a table that is built later, so it can only be checked when everything is there. That
columns are never empty is one asset check a table: it is two of three tests, reads as one line, and every asset check
costs a run three events.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import dagster as dg

from assets import conventions
from assets.resources import Pipeline
from itpm_pipeline.modeling.checks import CheckResult
from itpm_pipeline.modeling.declarations import declared_by_sql
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.schema_yaml import Check


def compares_tables(check: Check) -> bool:
    """Needs other tables than the one it guards."""
    return check.kind == "relationships"


NEVER_EMPTY = "not_null"
"""Name of the asset check that tells of all columns of a table that are never empty."""


@dataclass(frozen=True)
class CheckGroup:
    """Tests of one model that one asset check tells of: one, or the plain ``not_null`` of several columns."""

    name: str
    tests: tuple[Check, ...]

    @property
    def is_of_columns(self) -> bool:
        """Whether it tells of columns that are never empty."""
        return all(map(_is_plain_not_null, self.tests))

    @property
    def description(self) -> str:
        """What holds if it passes."""
        if self.is_of_columns:
            *first, last = (column for test in self.tests for column in test.columns)
            return f"{', '.join(first)} and {last} are never empty." if first else f"{last} is never empty."
        (test,) = self.tests
        return test.description or _in_words(test)


def check_groups(model: Model) -> list[CheckGroup]:
    """Every test of a model, each in one asset check."""
    plain = tuple(test for test in model.checks if _is_plain_not_null(test))
    others = [CheckGroup(conventions.check_name(test.name), (test,)) for test in model.checks if test not in plain]
    return [*([CheckGroup(NEVER_EMPTY, plain)] if plain else []), *others]


def _is_plain_not_null(test: Check) -> bool:
    """Blocks, for all rows, and nobody gave it words of its own."""
    is_unnamed = test.name == "_".join((test.kind, *test.columns))
    return test.kind == "not_null" and test.blocking and test.where is None and not test.description and is_unnamed


def own_check_specs(model: Model) -> list[dg.AssetCheckSpec]:
    """Checks that run with the model."""
    return [_spec(model, group) for group in check_groups(model) if not any(map(compares_tables, group.tests))]


def _spec(model: Model, group: CheckGroup) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        name=group.name,
        asset=conventions.model_key(model),
        description=group.description,
        blocking=all(test.blocking for test in group.tests),
    )


def _in_words(check: Check) -> str:
    columns, arguments = ", ".join(check.columns), check.arguments
    words = {
        "not_null": f"{columns} is never empty.",
        "unique": f"No two rows have the same {columns}.",
        "unique_combination_of_columns": f"No two rows have the same {columns}.",
        "accepted_values": f"{columns} is one of {', '.join(map(str, arguments.get('values', ())))}.",
        "relationships": f"Every {columns} is a {arguments.get('field')} of {arguments.get('to')}.",
        "expression_is_true": f"{columns} {arguments.get('expression')}".strip() + " holds in every row.",
    }[check.kind]
    return f"{words} Only where {check.where}." if check.where else words


def _compared_with(model: Model, check: Check, project: Project) -> list[dg.AssetDep]:
    """Models that must be there, too, before the check runs."""
    declared = declared_by_sql(f"{{{{ {check.arguments['to']} }}}}", model.path)
    return [dg.AssetDep(conventions.model_key(project.model(name))) for name in declared.refs if name != model.name]


def to_check_results(results: Iterable[CheckResult], project: Project) -> Iterator[dg.AssetCheckResult]:
    """Results in Dagster's words; those of one model come one after the other."""
    for name, of_model in groupby(results, lambda result: result.model):
        model, found = project.model(name), {result.name: result for result in of_model}
        for group in check_groups(model):
            if tested := [found[test.name] for test in group.tests if test.name in found]:
                yield _group_result(model, group, tested)


def _group_result(model: Model, group: CheckGroup, results: Sequence[CheckResult]) -> dg.AssetCheckResult:
    failed = [result for result in results if not result.passed]
    is_blocking = all(result.blocking for result in results)
    return dg.AssetCheckResult(
        asset_key=conventions.model_key(model),
        check_name=group.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN,
        description="\n".join(map(str, failed)) or None,
        metadata=_empty_values(failed) if group.is_of_columns else _failing_rows(results[0]),
    )


def _failing_rows(result: CheckResult) -> dict[str, Any]:
    return {"failing rows": result.failed_rows, **_table("for example", result.sample)}


def _empty_values(failed: Sequence[CheckResult]) -> dict[str, Any]:
    rows = [
        {"column": ", ".join(one.columns), "failing rows": str(one.failed_rows), "for example": one.examples}
        for one in failed
    ]
    return {"empty values": sum(one.failed_rows for one in failed), **_table("by column", rows)}


def _table(name: str, rows: Sequence[Mapping[str, str | None]]) -> dict[str, dg.TableMetadataValue]:
    if not rows:
        return {}
    schema = dg.TableSchema([dg.TableColumn(column, "text") for column in rows[0]])
    return {name: dg.MetadataValue.table([dg.TableRecord(dict(row)) for row in rows], schema)}


def comparing_checks(project: Project) -> list[dg.AssetChecksDefinition]:
    """All checks that compare tables, as one step after all models; empty if there are none."""
    models = [project.models[name] for name in build_order(project)]
    specs = [
        _spec(model, group)._replace(additional_deps=_compared_with(model, test, project))
        for model in models
        for group in check_groups(model)
        for test in group.tests
        if compares_tables(test)
    ]
    if not specs:
        return []

    @dg.multi_asset_check(
        name="relationships_between_tables",
        specs=specs,
        description="Every reference from one table to another leads somewhere.",
        can_subset=True,
    )
    def compare(context: dg.AssetCheckExecutionContext, pipeline: Pipeline) -> Iterator[dg.AssetCheckResult]:
        selected = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
        wanted = {
            model.name
            for model in models
            for group in check_groups(model)
            if (conventions.model_key(model), group.name) in selected
        }
        results = pipeline.check(project, sorted(wanted), compares_tables)
        yield from (
            result
            for result in to_check_results(results, project)
            if (result.asset_key, result.check_name) in selected
        )

    return [compare]
