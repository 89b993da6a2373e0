"""What models declare of the keys they can be built for holds on the simulated companies.

The rows of some keys come out the same when all that is read by key is cut down to these; and when something is taken
out of a table that is read as a whole, only those keys come out differently that the declaration says it reaches.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pytest
from engine_comparison import comparable
from whole_pipeline import Published

from itpm_pipeline.modeling.project import Model, load_project
from itpm_pipeline.modeling.render import IN_PLACE, Schemas, render
from itpm_pipeline.modeling.separable import CHANGED, Table, inputs_of, query_of_keys, tables_in

SMALL = pytest.param("small", marks=[pytest.mark.xdist_group("truth-small"), pytest.mark.slow])
pytestmark = pytest.mark.parametrize("published", [SMALL], indirect=True)

PROJECT = load_project()
SEPARABLE = [model for model in PROJECT.models.values() if model.separable is not None]
REACHED = [(model, table) for model in SEPARABLE for table in inputs_of(model, PROJECT.models).reached]


@contextmanager
def temporary(connection: duckdb.DuckDBPyConnection, selects: Mapping[str, str]) -> Iterator[None]:
    for name, select in selects.items():
        connection.execute(f"create temp table {name} as {select}")
    yield
    for name in selects:
        connection.execute(f"drop table temp.{name}")


def relation(table: Table) -> str:
    return IN_PLACE.relation(*table)


def built(model: Model, instead: Mapping[Table, str]) -> str:
    names = {table: f'temp."{name}"' for table, name in instead.items()}
    return f"({render(model, PROJECT, Schemas(instead=names))})"


def differences(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> list[str]:
    """Rows of one query that the other does not have; sums of doubles may differ in the last digit."""
    sides = [
        connection.execute(f"select * from {a} except all select * from {b}").fetchall()
        for a, b in ((one, other), (other, one))
    ]
    left, right = (sorted(repr([comparable(value) for value in row]) for row in rows) for rows in sides)
    return [] if left == right else [*left[:3], *right[:3]]


def a_few(connection: duckdb.DuckDBPyConnection, model: Model, table: Table, column: str, share: float) -> str:
    """A query of some values of a column, the same for a model in every run; never of none, if there are any."""
    values = [value for (value,) in connection.execute(
        f'select distinct "{column}" from {relation(table)} where "{column}" is not null order by 1'
    ).fetchall()]  # fmt: skip
    count = min(len(values), max(1, int(len(values) * share)))
    chosen = random.Random(f"{model.name} {table} {share}").sample(values, count)
    connection.execute("create or replace temp table chosen (key text)")
    if chosen:
        connection.execute("insert into chosen select unnest(?)", [chosen])
    return "select key from temp.chosen"


@pytest.mark.parametrize("share", [0.05, 0.5])
@pytest.mark.parametrize("model", SEPARABLE, ids=lambda model: model.name)
def test_rows_of_a_key_depend_on_rows_of_the_key(published: Published, model: Model, share: float) -> None:
    connection, by = published.connection, model.separable.by
    keyed = inputs_of(model, PROJECT.models).keyed
    largest = max(keyed, key=lambda table: connection.execute(f"select count(*) from {relation(table)}").fetchone())
    some = a_few(connection, model, largest, keyed[largest], share)
    cut = {name: f'select * from "{schema}"."{name}" where "{column}" in ({some})'
           for (schema, name), column in keyed.items()}  # fmt: skip
    with temporary(connection, cut):
        whole = f'(select * from {relation((model.schema, model.name))} where "{by}" in ({some}))'
        assert differences(connection, built(model, {table: table[1] for table in keyed}), whole) == []


@pytest.mark.parametrize(("model", "table"), REACHED, ids=lambda one: getattr(one, "name", None) or one[1])
def test_a_change_reaches_no_other_keys_than_told(published: Published, model: Model, table: Table) -> None:
    connection, by = published.connection, model.separable.by
    reach = inputs_of(model, PROJECT.models).reached[table]
    gone = a_few(connection, model, table, reach.by, 0.1)
    real = {one: relation(one) for one in tables_in(reach.keys, model, PROJECT.models).values()}
    keys = query_of_keys(reach.keys, model, PROJECT.models, {**real, ("", CHANGED): "temp.chosen"}, {})
    left = f'select * from {relation(table)} where "{reach.by}" is null or "{reach.by}" not in ({gone})'
    with temporary(connection, {"reached_keys": f"select * from ({keys}) as concerned (key)", table[1]: left}):
        others = f'where "{by}" not in (select key from temp.reached_keys where key is not null)'
        whole = f"(select * from {relation((model.schema, model.name))} {others})"
        assert differences(connection, f"(select * from {built(model, {table: table[1]})} {others})", whole) == []
