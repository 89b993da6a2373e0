"""Building models and running their checks."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from itpm_pipeline.errors import ModelError
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import BuiltColumn, build
from itpm_pipeline.modeling.catalogue import catalogue
from itpm_pipeline.modeling.lineage import ColumnSource

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)
ISSUES = "select * from (values (1, 'a'), (2, 'b'), (2, null), (null, 'c')) as t (issue_id, kind)"


def test_builds_in_order_with_types_rows_and_comments(project, built, connection):
    seen = []
    found = project(
        {
            "int_b.sql": "select x, as_of from {{ ref('int_a') }} cross join {{ source('ops', 'build_parameter') }}",
            "int_a.sql": "select 1::bigint as x union all select 2",
            "x.yml": "models: [{name: int_b, description: 'One row per ''x''.', "
            "columns: [{name: x, description: 'The x: 100 %.'}]}]",
        }
    )
    report = built(found, progress=lambda model: seen.append(model.name))
    assert seen == ["int_a", "int_b"]
    assert [(m.name, m.rows) for m in report.models] == [("int_a", 2), ("int_b", 2)]
    assert report.models[1].columns == (BuiltColumn("x", "bigint"), BuiltColumn("as_of", "timestamp with time zone"))
    assert connection.exec_driver_sql('select distinct as_of from "int".int_b').scalar_one() == AS_OF
    comments = "select comment from duckdb_tables() where table_name = 'int_b'"
    assert connection.exec_driver_sql(comments).scalar_one() == "One row per 'x'."
    columns = "select comment from duckdb_columns() where table_name = 'int_b' and column_name = 'x'"
    assert connection.exec_driver_sql(columns).scalar_one() == "The x: 100 %."


def test_a_second_build_replaces_the_first(project, built, connection):
    built(project({"mart_a.sql": "select 1 as x"}))
    built(project({"mart_a.sql": "select 'new' as y"}))
    assert connection.exec_driver_sql("select * from mart.mart_a").mappings().all() == [{"y": "new"}]


def test_colons_and_percent_signs_mean_themselves(project, built, connection):
    built(project({"mart_a.sql": "select ' :x %s %(y)s' as x where 'a' like '%'"}))
    assert connection.exec_driver_sql("select x from mart.mart_a").scalar_one() == " :x %s %(y)s"


def test_database_error_names_the_model(project, built):
    with pytest.raises(ModelError, match=r"marts/mart_a\.sql: .*nothing"):
        built(project({"marts/mart_a.sql": "select nothing"}))


def test_as_of_needs_a_zone(project, connection):
    with pytest.raises(ValueError, match="time zone"):
        build(connection, project({}), as_of=datetime(2026, 1, 1), settings=MetricSettings())


CHECKS = """
version: 2
models:
  - name: mart_issue
    description: One row per issue.
    tests:
      - unique_combination_of_columns: {combination_of_columns: [issue_id, kind], config: {severity: warn}}
      - expression_is_true: {expression: "issue_id < 2", description: Ids are small.}
    columns:
      - name: issue_id
        description: Issue.
        tests:
          - unique
          - not_null
          - relationships: {to: ref('mart_parent'), field: id}
          - expression_is_true: {arguments: {expression: ">= 1"}}
      - name: kind
        description: Kind.
        data_tests:
          - accepted_values: {arguments: {values: [a, b]}}
          - not_null: {name: kind_of_two, config: {where: issue_id = 2, severity: warn}}
"""


def test_checks_count_and_show_failing_rows(project, built):
    report = built(
        project({"mart_issue.sql": ISSUES, "mart_parent.sql": "select 1 as id", "mart_issue.yml": CHECKS})
    )
    found = {result.name: (result.failed_rows, result.sample) for result in report.checks}
    assert found == {
        "unique_combination_of_columns_issue_id_kind": (0, ()),
        "expression_is_true": (2, ({"issue_id": "2"}, {"issue_id": "2"})),
        "unique_issue_id": (1, ({"issue_id": "2"},)),
        "not_null_issue_id": (1, ({"issue_id": None},)),
        "relationships_issue_id": (2, ({"issue_id": "2"}, {"issue_id": "2"})),
        "expression_is_true_issue_id": (0, ()),
        "accepted_values_kind": (1, ({"issue_id": None, "kind": "c"},)),
        "kind_of_two": (1, ({"issue_id": "2", "kind": None},)),
    }
    assert [result.name for result in report.warnings] == ["kind_of_two"]
    with pytest.raises(ModelError) as error:
        report.require_passed()
    assert "5 blocking check(s) failed" in str(error.value)
    assert "mart_issue: unique_issue_id: 1 failing, for example issue_id=2" in str(error.value)
    assert "kind_of_two" not in str(error.value)


def test_repeated_rows_and_nulls_break_a_combined_key(project, built):
    rows = "select * from (values (1, null), (1, null), (2, 'b')) as t (issue_id, kind)"
    test = "{unique_combination_of_columns: {combination_of_columns: [issue_id, kind]}}"
    tests = f"models: [{{name: mart_a, tests: [{test}]}}]"
    (result,) = built(project({"mart_a.sql": rows, "x.yml": tests})).checks
    assert (result.failed_rows, result.sample) == (1, ({"issue_id": "1", "kind": None},))


def test_sound_rows_pass(project, built):
    report = built(
        project({"mart_issue.sql": "select 1 as issue_id, 'a' as kind", "mart_parent.sql": "select 1 as id",
                 "mart_issue.yml": CHECKS})
    )
    assert not report.failures
    assert not report.warnings
    report.require_passed()


def test_check_that_cannot_run_is_named(project, built):
    tests = "models: [{name: mart_a, columns: [{name: y, tests: [unique]}]}]"
    with pytest.raises(ModelError, match="mart_a: the check unique_y cannot be run"):
        built(project({"mart_a.sql": "select 1 as x", "x.yml": tests}))


def test_same_test_twice_gets_two_names(project):
    test = "{expression_is_true: {expression: 1=1}}"
    tests = f"models: [{{name: a, tests: [{test}, {test}]}}]"
    assert [c.name for c in project({"a.sql": "", "x.yml": tests}).models["a"].checks] == [
        "expression_is_true", "expression_is_true_2",
    ]


PYTHON = """
import pyarrow as pa

def model(dbt, session):
    dbt.config(materialized="table")
    table = dbt.ref("int_a").arrow()
    settings = dbt.source("ops", "setting_value").df()
    assert (settings["setting"] == "percentiles").sum() == 4
    return pa.table({"double": [2 * value.as_py() for value in table["x"]], "at": table["at"]})
"""


def test_python_model_reads_and_writes_tables(project, built, connection):
    found = project(
        {
            "int_a.sql": "select 21 as x, as_of as at from {{ source('ops', 'build_parameter') }}",
            "mart_b.py": PYTHON,
            "mart_c.sql": "select * from {{ ref('mart_b') }}",
        }
    )
    assert found.models["mart_b"].declared.refs == ("int_a",)
    assert found.models["mart_b"].declared.sources == (("ops", "setting_value"),)
    built(found)
    assert connection.exec_driver_sql("select * from mart.mart_c").all() == [(42, AS_OF)]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def model(dbt, session):\n    return 1 / 0\n", r"mart_b\.py: ZeroDivisionError"),
        ("def model(dbt, session):\n    return [1]\n", "returned list"),
    ],
)
def test_python_model_errors_name_the_model(project, built, code, message):
    with pytest.raises(ModelError, match=message):
        built(project({"mart_b.py": code}))


def test_catalogue_tells_columns_types_and_origin(project, built, connection):
    described = """
models:
  - {name: int_a, description: One row per x., columns: [{name: x, description: X.}]}
  - name: mart_b
    description: One row per x.
    columns: [{name: y, description: Y., tests: [unique]}, {name: n, description: Rows.}]
"""
    found = project(
        {
            "int_a.sql": "select rolling_k as x from {{ source('ops', 'build_parameter') }}",
            "marts/velocity/mart_b.sql": "with a as (select * from {{ ref('int_a') }}) "
            "select x + 1 as y, count(*) as n from a group by x",
            "x.yml": described,
        }
    )
    built(found)
    first, second = catalogue(found, connection).models
    assert first.columns[0].made_of == (ColumnSource("ops", "build_parameter", "rolling_k"),)
    assert (second.key, second.reads, second.group) == (("y",), (("int", "int_a"),), "velocity")
    assert [(c.name, c.type, c.made_of) for c in second.columns] == [
        ("y", "bigint", (ColumnSource("int", "int_a", "x"),)),
        ("n", "bigint", ()),
    ]
    assert catalogue(found).models[0].columns[0].type is None
    assert catalogue(found).group("velocity") == (catalogue(found).models[1],)


def test_arrow_is_what_python_models_see(connection):
    from itpm_pipeline.modeling.bulk import create_table, read_table

    table = pa.table({"x": pa.array([1, None], pa.int64()), "t": pa.array(["ü", None], pa.string())})
    create_table(connection, '"core"."copy"', table)
    assert read_table(connection, '"core"."copy"').to_pylist() == table.to_pylist()


def test_dates_of_instants_do_not_depend_on_where_the_machine_is(project, built, connection):
    connection.exec_driver_sql("set timezone = 'Pacific/Auckland'")
    built(project({"mart_a.sql": "select as_of::date as day from {{ source('ops', 'build_parameter') }}"}))
    assert connection.exec_driver_sql("select day from mart.mart_a").scalar_one() == AS_OF.date()
