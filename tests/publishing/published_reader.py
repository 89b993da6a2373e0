"""Reads a published warehouse over and over, as SQL tools do: a fresh connection each time, no knowledge of ours.

    published_reader.py URL TABLE…     until standard input ends

Each reading asks in one statement for the version, and for the instant ``as_of`` that each of the tables tells: they
were built for one instant, so if they tell two, a half-built state was seen. Prints ``ready`` after the first reading,
and in the end one JSON line: how many readings there were, which versions they saw, and what went wrong.
"""

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import duckdb
import psycopg
import sqlalchemy as sa

Row = tuple[Any, ...]


def statement(tables: list[str]) -> str:
    """One row: version, first and last instant, how many tables told one, and issues as two tables count them."""
    instants = " union all ".join(f"select min(as_of) as first, max(as_of) as last from {table}" for table in tables)
    return (
        "select (select max(version) from ops.published_version), min(first), max(last), count(first),"
        " (select count(*) from core.issue), (select count(distinct issue_id) from int.int_issue_status_interval)"
        f" from ({instants}) as told"
    )


def reader_of(url: str) -> Callable[[str], Row]:
    """Connects, asks, and closes."""
    address = sa.make_url(url)

    def ask_file(query: str) -> Row:
        with duckdb.connect(str(address.database), read_only=True) as connection:
            return connection.execute(query).fetchone() or ()

    def ask_server(query: str) -> Row:
        with psycopg.connect(
            host=address.query["host"], dbname=address.database, user=address.username,
            password=address.password, autocommit=True,
        ) as connection:  # fmt: skip
            connection.execute("set lock_timeout = '500ms'")
            return connection.execute(query).fetchone() or ()

    return ask_file if address.drivername == "duckdb" else ask_server


def main(url: str, tables: list[str]) -> None:
    ask, query = reader_of(url), statement(tables)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    readings, versions, errors, torn = 0, list[int](), list[str](), list[str]()
    while not ended.wait(0.02):  # Leaves the machine to the builds.
        try:
            version, first, last, told, issues, known = ask(query)
        except (duckdb.Error, psycopg.Error) as error:
            errors.append(repr(error))
            continue
        if first != last or told != len(tables) or issues != known:
            torn.append(f"version {version}: {first} … {last}, {told} of {len(tables)} tables, {issues}, {known}")
        if not versions or versions[-1] != version:
            versions.append(version)
        readings += 1
        if readings == 1:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
    sys.stdout.write(json.dumps({"readings": readings, "versions": versions, "errors": errors[:5], "torn": torn[:5]}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
