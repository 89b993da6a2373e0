"""The models as they are: described, portable, in step with the schema, and buildable on an empty warehouse."""

import pytest

from itpm_pipeline.modeling.dialects import lint, transpile
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.lineage import column_lineage
from itpm_pipeline.modeling.project import FOLDER, load_project
from itpm_pipeline.modeling.render import render
from itpm_pipeline.modeling.sources import source_tables, sources_document

PROJECT = load_project()
MODELS = build_order(PROJECT)
SQL_MODELS = [name for name in MODELS if PROJECT.models[name].language == "sql"]


def test_sources_yml_is_in_step_with_the_schema():
    written = (FOLDER / "sources.yml").read_text(encoding="utf-8")
    assert written == sources_document(source_tables()), "run: python -m itpm_pipeline.modeling.sources"


@pytest.mark.parametrize("name", MODELS)
def test_described_beginning_with_the_grain(name):
    model = PROJECT.models[name]
    assert model.description.startswith("One row per "), f"{model.path}: {model.description!r}"
    assert [column.name for column in model.columns if not column.description] == []


@pytest.mark.parametrize("name", MODELS)
def test_has_a_checked_key(name):
    assert PROJECT.models[name].key, "no blocking unique or unique_combination_of_columns test"


def test_what_models_are_built_for_key_by_key_is_never_null():
    unchecked = [
        name for name in MODELS
        if (declared := PROJECT.models[name].separable) is not None
        and not any(
            check.kind == "not_null" and check.columns == (declared.by,) and check.blocking and not check.where
            for check in PROJECT.models[name].checks
        )
    ]  # fmt: skip
    assert unchecked == []


@pytest.mark.parametrize("name", SQL_MODELS)
def test_travels_to_other_engines(name):
    statement = render(PROJECT.models[name], PROJECT)
    assert lint(statement) == []
    transpile(statement, "postgres")


@pytest.mark.parametrize("name", SQL_MODELS)
def test_every_column_has_lineage(name):
    model = PROJECT.models[name]
    assert set(column_lineage(model, PROJECT)) == {column.name for column in model.columns}


def test_builds_on_an_empty_warehouse_with_the_described_columns(built):
    report = built(PROJECT)
    actual = {model.name: [column.name for column in model.columns] for model in report.models}
    described = {name: [column.name for column in PROJECT.models[name].columns] for name in MODELS}
    assert {name: sorted(columns) for name, columns in actual.items()} == {
        name: sorted(columns) for name, columns in described.items()
    }
    assert list(map(str, report.failures)) == []
