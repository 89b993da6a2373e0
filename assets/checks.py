"""Tests from yaml as asset checks: those of one table beside its model, those that compare tables after all models.

A relationship may point to a table that is built later, so it can only be checked when everything is there.
"""

from collections.abc import Iterable, Iterator

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


def own_check_specs(model: Model) -> list[dg.AssetCheckSpec]:
    """Checks that run with the model."""
    return [_spec(model, check) for check in model.checks if not compares_tables(check)]


def _spec(model: Model, check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        name=conventions.check_name(check.name),
        asset=conventions.model_key(model),
        description=check.description or _in_words(check),
        blocking=check.blocking,
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
    """Results in Dagster's words."""
    for result in results:
        sample = [dg.TableRecord(dict(row)) for row in result.sample]
        shown = list(result.sample[0]) if result.sample else []
        schema = dg.TableSchema([dg.TableColumn(column, "text") for column in shown])
        yield dg.AssetCheckResult(
            asset_key=conventions.model_key(project.model(result.model)),
            check_name=conventions.check_name(result.name),
            passed=result.passed,
            severity=dg.AssetCheckSeverity.ERROR if result.blocking else dg.AssetCheckSeverity.WARN,
            description=None if result.passed else str(result),
            metadata={
                "failing rows": result.failed_rows,
                **({"for example": dg.MetadataValue.table(sample, schema)} if sample else {}),
            },
        )


def comparing_checks(project: Project) -> list[dg.AssetChecksDefinition]:
    """All checks that compare tables, as one step after all models; empty if there are none."""
    models = [project.models[name] for name in build_order(project)]
    specs = [
        _spec(model, check)._replace(additional_deps=_compared_with(model, check, project))
        for model in models
        for check in model.checks
        if compares_tables(check)
    ]
    if not specs:
        return []

    @dg.multi_asset_check(
        name="relationships_between_tables",
        specs=specs,
        description="Every reference from one table to another leads somewhere.",
        can_subset=True,
        pool=conventions.WAREHOUSE_POOL,
    )
    def compare(context: dg.AssetCheckExecutionContext, pipeline: Pipeline) -> Iterator[dg.AssetCheckResult]:
        selected = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
        wanted = {
            model.name
            for model in models
            for check in model.checks
            if (conventions.model_key(model), conventions.check_name(check.name)) in selected
        }
        results = pipeline.check(project, sorted(wanted), compares_tables)
        yield from (
            result
            for result in to_check_results(results, project)
            if (result.asset_key, result.check_name) in selected
        )

    return [compare]
