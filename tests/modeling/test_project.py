"""Reading a folder of models."""

import pytest

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.modeling.render import Schemas, render

CHAIN = {
    "intermediate/int_a.sql": "select 1 as x",
    "intermediate/int_b.sql": "select x from {{ ref('int_a') }}",
    "marts/velocity/mart_c.sql": "select x from {{ ref('int_b') }};",
    "marts/delivery/mart_d.sql": "{{ config(materialized='table') }} select x from {{ ref('int_a') }}",
}


def test_models_know_their_schema_group_and_inputs(project):
    models = project(CHAIN).models
    assert {name: (m.schema, m.group, m.declared.refs) for name, m in models.items()} == {
        "int_a": ("int", "intermediate", ()),
        "int_b": ("int", "intermediate", ("int_a",)),
        "mart_c": ("mart", "velocity", ("int_b",)),
        "mart_d": ("mart", "delivery", ("int_a",)),
    }


def test_meta_group_wins_over_the_folder(project):
    found = project(
        {**CHAIN, "marts/velocity.yml": "version: 2\nmodels: [{name: mart_c, meta: {group: program}}]\n"}
    )
    assert found.models["mart_c"].group == "program"


def test_reads_nothing_from_folders_that_hold_no_models(project):
    found = project({**CHAIN, "macros/x.sql": "{% macro x() %}{% endmacro %}", "dbt_project.yml": "name: x\n"})
    assert set(found.models) == {"int_a", "int_b", "mart_c", "mart_d"}


def test_render_quotes_and_drops_the_semicolon(project):
    found = project(CHAIN)
    assert render(found.models["mart_c"], found) == 'select x from "int"."int_b"'
    aside = Schemas({"int": "int_next"})
    assert render(found.models["mart_c"], found, aside) == 'select x from "int_next"."int_b"'
    assert render(found.models["mart_d"], found) == 'select x from "int"."int_a"'


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (None, ["int_a", "int_b", "mart_c", "mart_d"]),
        ("mart_c", ["mart_c"]),
        ("+mart_c", ["int_a", "int_b", "mart_c"]),
        ("int_b+", ["int_b", "mart_c"]),
        ("+int_b+", ["int_a", "int_b", "mart_c"]),
        ("velocity", ["mart_c"]),
        ("marts/delivery", ["mart_d"]),
        ("marts", ["mart_c", "mart_d"]),
        ("mart_*", ["mart_c", "mart_d"]),
        ("mart_d int_a", ["int_a", "mart_d"]),
        (["mart_c", "mart_d"], ["mart_c", "mart_d"]),
    ],
)
def test_select(project, select, expected):
    assert build_order(project(CHAIN), select) == expected


def test_select_of_nothing_is_an_error(project):
    with pytest.raises(ModelError, match="mart_z"):
        build_order(project(CHAIN), "mart_z")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"int_a.sql": "select * from {{ ref('int_z') }}"}, r"int_a\.sql: ref\('int_z'\) names no model"),
        ({"int_a.sql": "select * from {{ source('ops', 'x') }}"}, r"source\('ops', 'x'\) is not in sources.yml"),
        ({"int_a.sql": "select 1\n{% if true %} {% endif %}"}, r"int_a\.sql, line 2: only ref, source"),
        ({"int_a.sql": "select {{ env_var('HOME') }}"}, "only ref, source"),
        ({"int_a.sql": "select {{ ref('a' ~ 'b') }}"}, r"ref takes 1 name\(s\) in quotes"),
        ({"int_a.sql": "select {{ ref("}, "template cannot be read"),
        ({"a/int_a.sql": "select 1", "b/int_a.sql": "select 1"}, "Two models are named int_a"),
        ({"int_a.yml": "version: 2\nmodels: [{name: int_a}]"}, "there is no int_a.sql"),
        ({"int_a.sql": "", "x.yml": "models: [{name: int_a, colums: []}]"}, "model int_a: colums"),
        ({"int_a.sql": "", "x.yml": "models: [{name: int_a, tests: [uniq]}]"}, "no such test"),
        ({"int_a.sql": "", "x.yml": "models: [{name: int_a, tests: [dbt_utils.expression_is_true]}]"}, "no such test"),
        ({"int_a.sql": "", "x.yml": "models: [{name: int_a, tests: [unique]}]"}, "belongs to a column"),
        ({"int_a.sql": "", "x.yml": "models: [{name: int_a, tests: [{relationships: {to: 1}}]}]"}, "takes"),
        ({"int_a.sql": "", "x.yml": "models: ["}, "cannot be read as YAML"),
        ({"int_a.sql": "", "x.yml": "version: 3"}, "version: 2"),
        ({"int_a.sql": "", "x.yml": "modles: []"}, "modles"),
        ({"int_a.sql": "", "x.yml": "models: [{name: int_a}]", "y.yml": "models: [{name: int_a}]"}, "already"),
        ({"int_a.py": "x = 1"}, r"defines model\(dbt, session\)"),
        ({"int_a.py": "def model("}, r"int_a\.py, line 1"),
    ],
)
def test_mistakes_name_the_file_and_the_cure(project, files, message):
    with pytest.raises(ModelError, match=message):
        project(files)


def test_circle_is_named(project):
    found = project({"int_a.sql": "select * from {{ ref('int_b') }}", "int_b.sql": "select * from {{ ref('int_a') }}"})
    with pytest.raises(ModelError, match="int_a → int_b → int_a"):
        build_order(found)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        load_project(tmp_path / "nowhere")


def test_code_version_follows_the_code_alone(project):
    before = project(CHAIN).models
    described = project({**CHAIN, "x.yml": "models: [{name: int_a, description: One row per x.}]"}).models
    changed = project({**CHAIN, "intermediate/int_a.sql": "select 2 as x"}).models
    assert described["int_a"].code_version == before["int_a"].code_version
    assert changed["int_a"].code_version != before["int_a"].code_version
    assert changed["int_b"].code_version == before["int_b"].code_version
