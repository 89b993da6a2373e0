"""A separable model is built for the keys that a change concerns, and holds what it would hold if built as a whole."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from small_databases import small_database

from itpm_pipeline.errors import ModelError
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling import journal, keyed
from itpm_pipeline.modeling.build import build
from itpm_pipeline.modeling.content import content_of
from itpm_pipeline.modeling.graph import build_order

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ISSUES, LAST = 40, 3


def described(name: str, by: str, declared: str, *columns: str) -> str:
    told = ", ".join(f"{{name: {column}}}" for column in columns)
    return f"  - {{name: {name}, meta: {{incremental: {{by: {by}, {declared}}}}}, columns: [{told}]}}\n"


FILES = {
    "sources.yml": "sources:\n  - {name: core, tables: [{name: thing}, {name: member}, {name: span}]}\n"
                   "  - {name: ops, tables: [{name: build_parameter}]}\n",
    "int_a.sql": "select issue_id, x, x % 2 as odd from {{ source('core', 'thing') }}",
    "int_span.sql": "select sprint_id, y from {{ source('core', 'span') }}",
    "int_b.sql": "select a.issue_id, m.sprint_id, a.odd * s.y as n from {{ ref('int_a') }} as a "
                 "inner join {{ source('core', 'member') }} as m on a.issue_id = m.issue_id "
                 "inner join {{ ref('int_span') }} as s on m.sprint_id = s.sprint_id",
    "int_c.sql": "select sprint_id, sum(n) as n, count(*) as issues from {{ ref('int_b') }} group by sprint_id",
    "int_d.sql": "select issue_id from {{ source('core', 'thing') }} cross join {{ source('ops', 'build_parameter') }} "
                 "where seen_at <= as_of",
    "mart_e.sql": "select count(*) as n from {{ ref('int_b') }}",
    "x.yml": "models:\n"
    + described("int_a", "issue_id", "named: {core.thing: issue_id}", "issue_id", "x", "odd")
    + described("int_b", "issue_id", "named: {core.member: issue_id}, reached: [{of: int_span, by: sprint_id, "
                "keys: select issue_id from core.member where sprint_id in (select key from changed)}]",
                "issue_id", "sprint_id", "n")
    + described("int_c", "sprint_id", "whole: []", "sprint_id", "n", "issues")
    + described("int_d", "issue_id", "named: {core.thing: issue_id}, reached: [{of: as_of, "
                "keys: 'select issue_id from core.thing where seen_at > :since and seen_at <= :until'}]", "issue_id"),
}  # fmt: skip


def engine_of(kind: str, request: pytest.FixtureRequest) -> sa.Engine:
    if kind == "duckdb":
        return small_database()
    server = request.getfixturevalue("postgres_server")
    return sa.create_engine(server.url(server.new_database()))


BOTH = pytest.mark.parametrize(
    "engine", ["duckdb", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    engine = engine_of(getattr(request, "param", "duckdb"), request)
    with engine.begin() as connection:
        for statement in (
            "create schema core", "create schema ops",
            f"""
            create table core.thing as select
                'i' || n as issue_id, n as x, timestamptz '2026-11-16 00:30:00+00:00' + n * interval '1 hour' as seen_at
            from generate_series(1, {ISSUES}) as t (n)
            """,
            "create table core.member as select issue_id, 's' || mod(x, 4) as sprint_id from core.thing",
            f"create table core.span as select 's' || n as sprint_id, n as y from generate_series(0, {LAST}) as t (n)",
        ):  # fmt: skip
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


class World:
    """A warehouse that changes, is built, and is compared with one built as a whole."""

    def __init__(self, engine: sa.Engine, project: Callable[[dict[str, str]], Any]) -> None:
        self.engine, self.project = engine, project(FILES)

    def build(self, as_of: datetime = AS_OF, **options: Any) -> dict[str, str]:
        """How the models were built that were not left alone."""
        with self.engine.begin() as connection:
            report = build(connection, self.project, as_of=as_of, settings=MetricSettings(), **options)
        return {one.name: str(one.keys or "whole") for one in report.models if not one.is_reused}

    def change(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def tables(self) -> dict[str, list[str]]:
        """All rows, in an order of their own."""
        with self.engine.connect() as connection:
            return {
                name: sorted(map(repr, connection.exec_driver_sql(f'select * from "{model.schema}".{name}').all()))
                for name, model in self.project.models.items()
            }

    def assert_as_built_as_a_whole(self, as_of: datetime = AS_OF) -> None:
        found = self.tables()
        assert self.build(as_of, anew=True).keys() == self.project.models.keys()
        assert found == self.tables()


@pytest.fixture
def world(engine: sa.Engine, project: Callable[[dict[str, str]], Any]) -> World:
    found = World(engine, project)
    assert set(found.build().values()) == {"whole"}
    assert found.build() == {}
    return found


NEW = f"insert into core.thing values ('new', 1, timestamptz '{AS_OF - HOUR}')"


@BOTH
@pytest.mark.slow
@pytest.mark.parametrize(("changes", "expected"), [
    (["update core.thing set x = x + 2 where issue_id = 'i1'"],
     {"int_a": "1 of 40 issues", "int_b": "1 of 40 issues"}),  # odd as before: it ends there
    (["update core.thing set x = x + 1 where issue_id = 'i1'"],
     {"int_a": "1 of 40 issues", "int_b": "1 of 40 issues", "int_c": "1 of 4 sprints"}),
    ([NEW], {"int_a": "1 of 41 issues", "int_b": "1 of 40 issues"}),
    ([NEW, "insert into core.member values ('new', 's3')"],
     {"int_a": "1 of 41 issues", "int_b": "1 of 41 issues", "int_c": "1 of 4 sprints"}),
    (["delete from core.thing where issue_id = 'i1'"],
     {"int_a": "1 of 39 issues", "int_b": "1 of 39 issues", "int_c": "1 of 4 sprints"}),
    (["delete from core.member where sprint_id = 's1'"],
     {"int_b": "10 of 30 issues", "int_c": "1 of 3 sprints"}),
    # An issue moves: the sprint it left and the one it came to.
    (["update core.member set sprint_id = 's3' where issue_id = 'i1'"],
     {"int_b": "1 of 40 issues", "int_c": "2 of 4 sprints"}),
    # A sprint reaches its issues, and those of a sprint that nobody has are nobody.
    (["update core.span set y = 9 where sprint_id = 's3'"],
     {"int_span": "whole", "int_b": "10 of 40 issues", "int_c": "1 of 4 sprints"}),
    (["insert into core.span values ('s9', 9)"], {"int_span": "whole"}),
    (["delete from core.span where sprint_id = 's3'"],
     {"int_span": "whole", "int_b": "10 of 30 issues", "int_c": "1 of 3 sprints"}),
])  # fmt: skip
def test_only_the_keys_that_a_change_concerns_are_built(world, changes, expected):
    world.change(*changes)
    found = world.build()
    assert {name: how for name, how in found.items() if name not in ("int_d", "mart_e")} == expected
    assert world.build() == {}
    world.assert_as_built_as_a_whole()


@BOTH
@pytest.mark.parametrize("hours", [1, 3, -2])
def test_a_new_instant_concerns_what_lies_between(world, hours):
    as_of = AS_OF + hours * HOUR
    assert world.build(as_of) == {"int_d": f"{abs(hours)} of {7 + hours} issues"}
    world.assert_as_built_as_a_whole(as_of)


def test_a_build_that_fails_in_the_middle_leaves_all_to_be_done(world, monkeypatch):
    world.change("update core.thing set x = x + 1 where issue_id in ('i1', 'i2')")
    with monkeypatch.context() as patch:
        patch.setattr(keyed.Journal, "settle", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.build()
    world.change("update core.thing set x = x + 1 where issue_id = 'i3'")
    assert world.build()["int_b"] == "3 of 40 issues"
    world.assert_as_built_as_a_whole()


def test_models_built_by_themselves_leave_the_rest_to_be_done(world):
    world.change("update core.thing set x = x + 1 where issue_id = 'i1'")
    assert world.build(select="int_a") == {"int_a": "1 of 40 issues"}
    world.change("update core.thing set x = x + 1 where issue_id = 'i1'",  # as it was at first
                 "update core.thing set x = x + 1 where issue_id = 'i2'",
                 "delete from core.member where issue_id = 'i5'")  # fmt: skip
    assert world.build(select="int_a") == {"int_a": "2 of 40 issues"}
    assert world.build(select="int_c") == {}
    assert world.build()["int_b"] == "3 of 39 issues"
    world.assert_as_built_as_a_whole()


@BOTH
@pytest.mark.slow
def test_a_step_alone_in_its_transaction(world):
    """As in Dagster: each model has a transaction, and the loader may write between them."""
    for number, name in enumerate(build_order(world.project)):
        world.change(f"update core.thing set x = x + 1 where issue_id = 'i{number + 1}'")
        world.build(select=name)
    world.build()
    world.assert_as_built_as_a_whole()


PRIVATE = ("keyed_build", "changed_key", "noted_content", "source_key")


@pytest.mark.slow
@pytest.mark.parametrize("lost", [
    *(f"drop table ops.{table}" for table in PRIVATE),  # as an older release left it
    'drop table "int".int_a', 'drop table "int".int_b',
    "delete from ops.model_build", "delete from ops.model_build where model = 'int_a'",
])  # fmt: skip
def test_what_is_not_known_for_certain_is_built_as_a_whole(world, lost):
    world.change(lost, "update core.thing set x = x + 1 where issue_id = 'i1'")
    world.build()
    world.assert_as_built_as_a_whole()
    world.change("update core.thing set x = x + 1 where issue_id = 'i2'")
    assert world.build()["int_a"] == "1 of 40 issues"


def test_what_another_release_has_built_is_told_to_nobody_and_believed_by_nobody(world):
    world.change("update core.thing set x = x + 1 where issue_id = 'i2'", 'update "int".int_a set x = x + 1, '
                 "odd = 1 - odd where issue_id = 'i2'")  # fmt: skip
    with world.engine.begin() as connection:
        content = content_of(connection, '"int".int_a')
        connection.exec_driver_sql(f"update ops.model_build set content = '{content}' where model = 'int_a'")
    assert world.build()["int_b"] == "whole"
    world.assert_as_built_as_a_whole()


def test_too_many_keys_are_built_as_a_whole(world, monkeypatch):
    for module in (journal, keyed):
        monkeypatch.setattr(module, "FEW", 0)
    world.change("update core.thing set x = x + 1 where issue_id in ('i1', 'i2')")
    assert world.build()["int_b"] == "2 of 40 issues"
    world.change("update core.thing set x = x + 1")
    assert world.build() == {"int_a": "whole", "int_b": "whole", "int_c": "whole", "int_d": "whole",
                             "mart_e": "whole"}  # fmt: skip
    world.assert_as_built_as_a_whole()


@pytest.mark.parametrize(("declared", "told"), [
    ("by: issue_id, of: x", "Extra inputs"),
    ("named: {core.thing: issue_id}", "by: Field required"),
    ("by: issue_id, named: {int_z: issue_id}", "does not read int_z"),
    ("by: issue_id, reached: [{of: core.thing, keys: select 1}]", "'by' names the column"),
    ("by: issue_id, reached: [{of: as_of, by: x, keys: select 1}]", "'by' names the column"),
    ("by: issue_id, reached: [{of: as_of, keys: select issue_id from int_z}]", "asks int_z"),
    ("by: issue_id, reached: [{of: as_of, keys: select from from}]", "cannot be read"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(project, declared, told):
    text = f"models:\n  - {{name: int_a, meta: {{incremental: {{{declared}}}}}}}\n"
    with pytest.raises(ModelError, match=told):
        project({**FILES, "x.yml": text})
