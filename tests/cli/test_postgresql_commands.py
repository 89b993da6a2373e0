"""The command line with the warehouse in PostgreSQL: the same commands, the same tables, readers only read."""

import json
from typing import Any

import pytest
from command_line import Place
from postgres_server import PASSWORD

from itpm_pipeline.warehouse.engine import open_published

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

SELECTED = ("--select", "+dim_issue", "--select", "+dim_program", "--select", "+dim_project", "--select", "+dim_team")
"""A table, and those its checks look into."""

QUERY = """
    select 'issues' as what, count(*) as n from core.issue
    union all select 'events', count(*) from int.int_issue_field_event
    union all select 'points', cast(sum(estimate_points) as bigint) from mart.dim_issue
    union all select 'status ' || status_name, count(*) from mart.dim_issue group by status_name
    order by what
"""


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> str:
    return postgres_server.new_database()


@pytest.fixture
def team(place: Place, postgres_server: Any, database: str) -> Place:
    """A folder like the others, but that its warehouse is a database."""
    address = postgres_server.url(database, password=None).replace("itpm@", "itpm:${PG_PASSWORD}@")
    place.replace("duckdb:///data/warehouse.duckdb", address)
    return place


def test_sync_build_and_sql_give_what_they_give_on_a_file(team: Place, built: Place, database: str) -> None:
    secret = {"PG_PASSWORD": PASSWORD}
    out = team.ok("sync", **secret) + team.ok("build", *SELECTED, **secret)
    assert f"/{database} (version 1)" in out
    answer = json.loads(team.ok("sql", "-f", "json", QUERY, **secret))
    with open_published(f"duckdb:///{built.published}") as published:
        assert answer == published.query(QUERY).to_pylist()
    assert len(answer) > 5
    refused = team.run("sql", "select 1; delete from core.issue", **secret)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("itpm: query of postgresql://")
    assert len(refused.stderr.splitlines()) == 1
    assert not team.published.exists()
    assert PASSWORD not in out + refused.stderr
    assert not any(PASSWORD.encode() in path.read_bytes() for path in team.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("command", [("build",), ("sql", "select 1")])
def test_a_wrong_password_is_told(team: Place, command: tuple[str, ...]) -> None:
    answer = team.run(*command, PG_PASSWORD="wr0ng/p@ss")
    assert answer.returncode == 1
    line = answer.stderr.splitlines()[-1]
    assert line.startswith("itpm: cannot connect to postgresql://")
    assert "password authentication failed" in line
    assert "wr0ng" not in answer.stdout + answer.stderr
