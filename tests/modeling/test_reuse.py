"""A model is built again if, and only if, its code or the content of what it reads has changed."""

from datetime import UTC, datetime, timedelta

import pytest

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import build
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.modeling.reuse import parameters_of
from itpm_pipeline.warehouse.ops import BUILD_PARAMETER

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)
CHAIN = {
    "sources.yml": "sources: [{name: core, tables: [{name: thing}]}, {name: ops, tables: [{name: build_parameter}]}]",
    "int_a.sql": "select issue_id, x % 2 as odd from {{ source('core', 'thing') }}",
    "int_b.sql": "select odd, count(*) as n from {{ ref('int_a') }} group by odd",
    "mart_c.sql": "select n, rolling_k from {{ ref('int_b') }} cross join {{ source('ops', 'build_parameter') }}",
    "mart_d.sql": "select n, as_of from {{ ref('int_b') }} cross join {{ source('ops', 'build_parameter') }}",
}


@pytest.fixture
def rebuilt(project, connection):
    """Build and tell which models were really built."""
    connection.exec_driver_sql("create table core.thing as select * from (values (1, 1), (2, 2)) as t (issue_id, x)")

    def run(files=CHAIN, *, as_of=AS_OF, metrics=None, **options):
        settings = MetricSettings.model_validate(metrics or {})
        report = build(connection, project(files), as_of=as_of, settings=settings, **options)
        return {model.name for model in report.models if not model.is_reused}

    return run


def test_what_did_not_change_is_left_alone(rebuilt):
    assert rebuilt() == {"int_a", "int_b", "mart_c", "mart_d"}
    assert rebuilt() == set()
    assert rebuilt(anew=True) == {"int_a", "int_b", "mart_c", "mart_d"}
    assert rebuilt() == set()


def test_a_new_instant_concerns_those_that_look_at_it(rebuilt):
    rebuilt()
    assert rebuilt(as_of=AS_OF + timedelta(hours=1)) == {"mart_d"}
    assert rebuilt(as_of=AS_OF + timedelta(hours=1), metrics={"sprint": {"rolling_k": 7}}) == {"mart_c"}


def test_rows_in_another_order_are_the_same(rebuilt, connection):
    rebuilt()
    connection.exec_driver_sql("create or replace table core.thing as select * from core.thing order by x desc")
    assert rebuilt() == set()


@pytest.mark.parametrize(("change", "expected"), [
    ("insert into core.thing values (3, 1)", {"int_a", "int_b", "mart_c", "mart_d"}),
    ("update core.thing set x = null where issue_id = 1", {"int_a", "int_b", "mart_c", "mart_d"}),
    ("insert into core.thing select * from core.thing", {"int_a", "int_b", "mart_c", "mart_d"}),
    ("update core.thing set x = 3 where issue_id = 1", {"int_a"}),  # odd as before: it ends there
])
def test_a_change_goes_as_far_as_it_makes_a_difference(rebuilt, connection, change, expected):
    rebuilt()
    connection.exec_driver_sql(change)
    assert rebuilt() == expected
    assert rebuilt() == set()


@pytest.mark.parametrize("lost", ['drop table "int".int_b', "delete from ops.model_build where model = 'int_b'"])
def test_what_is_lost_is_built_again(rebuilt, connection, lost):
    rebuilt()
    connection.exec_driver_sql(lost)
    assert rebuilt() == {"int_b"}


def test_new_code_or_words_build_a_model_again(rebuilt, connection):
    rebuilt()
    described = {**CHAIN, "x.yml": "models: [{name: int_b, description: One row per parity.}]"}
    assert rebuilt(described) == {"int_b"}
    assert rebuilt({**described, "int_b.sql": CHAIN["int_b.sql"] + " having count(*) > 0"}) == {"int_b"}
    comment = "select comment from duckdb_tables() where table_name = 'int_b'"
    assert connection.exec_driver_sql(comment).scalar_one() == "One row per parity."


def test_a_table_another_model_was_built_from_meanwhile(rebuilt, connection):
    """Selected alone, a model has changed what others read: they are built when their turn comes."""
    rebuilt()
    connection.exec_driver_sql("insert into core.thing values (3, 1)")
    assert rebuilt(select="int_a") == {"int_a"}
    assert rebuilt(select="mart_c") == set(), "what it reads is as it was"
    assert rebuilt() == {"int_b", "mart_c", "mart_d"}


SOURCE = "{{ source('ops', 'build_parameter') }}"


@pytest.mark.parametrize(("sql", "expected"), [
    (f"select p.as_of from {SOURCE} as p", {"as_of"}),
    (f"with p as (select * from {SOURCE}) select 1 as x from p where p.rolling_k > 2", {"rolling_k"}),
    (f"with p as (select * from {SOURCE}) select (select p.min_sprints from p) as x", {"min_sprints"}),
    (f"with p as (select * from {SOURCE}), a as (select 1 as x) select a.*, p.as_of from a cross join p", {"as_of"}),
    (f"select as_of, x from (select 1 as x) cross join {SOURCE}", {"as_of"}),
    (f"select * from {SOURCE}", None),
    (f"with p as (select * from {SOURCE}) select * from p", None),
    (f"with p as (select * from {SOURCE}), a as (select 1 as x) select * from a cross join p", None),
    (f"with p as (select * from {SOURCE}), a as (select 1 as x) select q.* from a cross join p as q", None),
    (f"with p as (select * from {SOURCE}), q as (select * from p) select x.* from q as x", None),
    (f"select a.* from (select 1 as x) as b cross join {SOURCE} as a", None),
])
def test_parameters_that_a_model_looks_at(project, sql, expected):
    found = project({"mart_a.sql": sql})
    every = set(BUILD_PARAMETER.columns.keys())
    assert parameters_of(found.models["mart_a"], found) == (every if expected is None else expected)


def test_most_models_do_not_look_at_the_clock():
    """Otherwise every run would build everything again."""
    real = load_project()
    reading = [name for name in build_order(real) if ("ops", "build_parameter") in real.models[name].declared.sources]
    looking = [name for name in reading if "as_of" in parameters_of(real.models[name], real)]
    assert len(looking) < len(real.models) / 2
    assert "int_sprint_velocity_window" not in looking
