"""Rows on their way to PostgreSQL and back: every value arrives as it left, however odd, and sorts as in DuckDB."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
import sqlalchemy as sa
from warehouse_kinds import postgresql_kind

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.modeling.bulk import create_table, read_table

pytestmark = pytest.mark.slow

PERSON = core_table("person")
HOSTILE = [
    "", " ", None, "\\.", "\\N", "NULL", 'quo"te', "it's", "comma, and; semicolon", "line\nfeed", "\n\\.\n",
    "carriage\rreturn", "tab\t", "ünï€😀", "\u202eright to left", "100%s :name {x}", "$$; drop table core.person; --",
    "\\x41\\u0041",
]  # fmt: skip


@pytest.fixture(scope="session")
def kind(postgres_server):
    """Only this one."""
    return postgresql_kind(postgres_server)


@pytest.fixture
def connection(warehouse):
    with warehouse.transaction() as connection:
        yield connection


def test_every_type_and_hostile_text_comes_back(connection):
    count = len(HOSTILE)
    table = pa.table(
        {
            "text": pa.array(HOSTILE, pa.string()),
            "large": pa.array(HOSTILE[::-1], pa.large_string()).cast(pa.string()),
            "flag": pa.array(([True, False, None] * count)[:count], pa.bool_()),
            "whole": pa.array(([2**63 - 1, -(2**63), None] * count)[:count], pa.int64()),
            "double": pa.array(([0.1 + 0.2, 1e-300, float("inf"), None] * count)[:count], pa.float64()),
            "money": pa.array(([Decimal("9999999999999999.99"), Decimal("-0.01"), None] * count)[:count],
                              pa.decimal128(18, 2)),
            "day": pa.array(([date(1, 1, 1), date(9999, 12, 31), None] * count)[:count], pa.date32()),
            "at": pa.array(([datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 2, 3, 4, 5, 6, UTC), None]
                            * count)[:count], pa.timestamp("us", tz="UTC")),
            "nothing": pa.array([None] * count, pa.int64()),
            'naïve "name"': pa.array(range(count), pa.int64()),
        }
    )  # fmt: skip
    create_table(connection, "working_mart.odd", table)
    back = read_table(connection, "working_mart.odd")
    assert back.sort_by('naïve "name"').to_pylist() == table.to_pylist()
    for name in set(table.column_names) - {"money"}:
        assert back.schema.field(name).type == table.schema.field(name).type, name


def test_the_character_nul_is_replaced(connection):
    create_table(connection, "working_mart.odd", pa.table({"t": ["a\0b", None, "\0"]}))
    assert read_table(connection, "working_mart.odd").to_pylist() == [{"t": "a\ufffdb"}, {"t": None}, {"t": "\ufffd"}]


def test_tables_put_together_from_many_parts_arrive_whole(connection):
    def part(size: int) -> pa.Table:
        text = pa.array([f"{size}-{number}" for number in range(size)], pa.string())
        return pa.table({"t": text, "u": text})

    parts = pa.concat_tables(map(part, (0, 0, 140, 0, 1, 700, 0, 284)))
    table = parts.append_column("n", pa.array(range(parts.num_rows)))
    create_table(connection, "working_mart.odd", table)
    assert read_table(connection, "working_mart.odd").sort_by("n").to_pylist() == table.to_pylist()


def test_numbers_without_end_come_back_as_near_as_can_be(warehouse):
    from itpm_pipeline.warehouse.postgresql.rows import to_arrow

    with warehouse.reading() as connection:
        run = connection.connection.driver_connection.execute
        found = to_arrow(
            run("SELECT 1.0 / 3 AS third, 10::numeric ^ 90 AS huge, NULL::numeric AS nothing, '{1,2}'::int[] AS l")
        )
    (row,) = found.to_pylist()
    assert float(row["third"]) == pytest.approx(1 / 3)
    assert float(row["huge"]) == pytest.approx(1e90)
    assert (row["nothing"], row["l"]) == (None, "[1, 2]")


def test_text_sorts_by_bytes_whatever_the_language_of_the_server(connection, postgres_server):
    with postgres_server.connect("postgres") as server:
        assert server.execute("SELECT 'a' < 'B', 'a_b' < 'aa'").fetchone() == (True, True)
    names = ["b", "B", "a", "a_b", "aa", "ä", "Z", "-a"]
    connection.execute(sa.insert(PERSON), [{"person_id": name, "display_name": name} for name in names])
    found = connection.scalars(sa.select(PERSON.c.person_id).order_by(PERSON.c.display_name)).all()
    assert found == sorted(names)
    connection.exec_driver_sql(
        "CREATE TABLE working_mart.t AS SELECT lower(display_name) AS n, display_name FROM working_core.person"
    )
    assert connection.exec_driver_sql("SELECT max(n), min(display_name) FROM working_mart.t").one() == ("ä", "-a")
