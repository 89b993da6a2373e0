"""Which asset check tells of which test, and what it says."""

import dagster as dg
import pytest

from assets.checks import check_groups, own_check_specs, to_check_results
from itpm_pipeline.modeling.checks import CheckResult
from itpm_pipeline.modeling.project import Project, load_project

TESTS = """
models:
  - name: mart_a
    description: One row per a.
    tests:
      - expression_is_true: {expression: "a < b", description: They grow.}
    columns:
      - {name: a, description: A., tests: [unique, not_null]}
      - name: b
        description: B.
        tests: [not_null, {not_null: {name: b_of_small_a, config: {where: a < 2}}}]
      - name: c
        description: C.
        tests:
          - not_null: {config: {where: a > 1}}
          - not_null: {config: {severity: warn}}
          - not_null: {description: Without a c nobody is paid.}
      - {name: d, description: D., tests: [not_null, not_null]}
      - {name: e, description: E.}
  - name: mart_b
    description: One row per a.
    columns: [{name: a, description: A., tests: [not_null, relationships: {to: ref('mart_a'), field: a}]}]
"""


@pytest.fixture
def project(tmp_path) -> Project:
    for name, text in {"mart_a.sql": "select 1 as a", "mart_b.sql": "select 1 as a", "models.yml": TESTS}.items():
        (tmp_path / name).write_text(text)
    return load_project(tmp_path)


def found(model: str, name: str, failed: int = 0, columns: tuple[str, ...] = (), **more) -> CheckResult:
    kind = "unique" if name.startswith("unique") else "not_null"
    return CheckResult(model, name, kind, columns, more.pop("blocking", True), failed, **more)


def test_plain_tests_for_empty_values_are_one_check_and_all_others_are_their_own(project):
    specs = {spec.name: (spec.description, spec.blocking) for spec in own_check_specs(project.models["mart_a"])}
    assert specs == {
        "not_null": ("a, b and d are never empty.", True),
        "unique_a": ("No two rows have the same a.", True),
        "expression_is_true": ("They grow.", True),
        "b_of_small_a": ("b is never empty. Only where a < 2.", True),
        "not_null_c": ("c is never empty. Only where a > 1.", True),
        "not_null_c_2": ("c is never empty.", False),
        "not_null_c_3": ("Without a c nobody is paid.", True),
        "not_null_d_2": ("d is never empty.", True),
    }
    (spec,) = own_check_specs(project.models["mart_b"])
    assert (spec.name, spec.description) == ("not_null", "a is never empty.")


def test_every_test_of_the_real_models_is_told_of_once():
    for model in load_project().models.values():
        groups = check_groups(model)
        assert sorted(test.name for one in groups for test in one.tests) == sorted(test.name for test in model.checks)
        assert len({one.name for one in groups}) == len(groups)
        for one in groups:
            assert len({(test.blocking, test.where) for test in one.tests}) == 1, "a check blocks or it does not"


def test_a_check_passes_when_all_its_tests_do(project):
    results = [found("mart_a", "not_null_a"), found("mart_a", "not_null_b"), found("mart_a", "not_null_d")]
    (result,) = to_check_results(results, project)
    assert (result.check_name, result.passed, result.description) == ("not_null", True, None)
    assert result.metadata == {"empty values": dg.IntMetadataValue(0)}


def test_a_failed_check_names_every_column_with_rows(project):
    rows = ({"a": "1", "b": None}, {"a": "2", "b": None})
    results = [
        found("mart_a", "not_null_a", 1, ("a",), sample=({"a": None},)),
        found("mart_a", "unique_a", columns=("a",)),
        found("mart_a", "not_null_b", 7, ("b",), sample=rows),
        found("mart_a", "not_null_d", columns=("d",)),
        found("mart_a", "not_null_c_2", 3, ("c",), blocking=False),
        found("mart_b", "not_null_a", columns=("a",)),
    ]
    by_check = {(one.asset_key.path[-1], one.check_name): one for one in to_check_results(results, project)}
    assert {key: one.passed for key, one in by_check.items()} == {
        ("mart_a", "not_null"): False,
        ("mart_a", "unique_a"): True,
        ("mart_a", "not_null_c_2"): False,
        ("mart_b", "not_null"): True,
    }
    empty = by_check["mart_a", "not_null"]
    assert empty.severity == dg.AssetCheckSeverity.ERROR
    assert empty.description == (
        "mart_a: not_null_a: 1 failing, for example a=None\n"
        "mart_a: not_null_b: 7 failing, for example a=1, b=None; a=2, b=None"
    )
    assert empty.metadata["empty values"].value == 8
    assert [record.data for record in empty.metadata["by column"].value.records] == [
        {"column": "a", "failing rows": "1", "for example": "a=None"},
        {"column": "b", "failing rows": "7", "for example": "a=1, b=None; a=2, b=None"},
    ]
    warned = by_check["mart_a", "not_null_c_2"]
    assert warned.severity == dg.AssetCheckSeverity.WARN
    assert warned.metadata["failing rows"].value == 3
