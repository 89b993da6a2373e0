"""What the tests of the warehouse's contract need to know of each database."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from itpm_pipeline.warehouse.duckdb import working_path
from itpm_pipeline.warehouse.engine import open_warehouse


@dataclass(frozen=True)
class Kind:
    """One kind of database: makes prepared warehouses for tests; has SQL that differs from kind to kind."""

    name: str
    new_url: Callable[[Path], str]
    """A prepared warehouse of its own; on DuckDB in that folder."""
    comments: str
    """Query for (schema, table, column or null, comment) in the working schemas; schemas by the name of readers."""
    zone: str
    refused: tuple[str, ...]
    """Statements that readers may not run."""


DUCKDB_COMMENTS = """
    SELECT schema_name, table_name, column_name, comment FROM duckdb_columns()
    UNION ALL SELECT schema_name, table_name, NULL, comment FROM duckdb_tables()
"""
POSTGRESQL_COMMENTS = """
    SELECT substr(n.nspname, 9), c.relname, a.attname, col_description(c.oid, a.attnum)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE n.nspname LIKE 'working%%' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT substr(n.nspname, 9), c.relname, NULL, obj_description(c.oid, 'pg_class')
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname LIKE 'working%%' AND c.relkind = 'r'
"""
WRITES = (
    "INSERT INTO core.person (person_id) VALUES ('x')", "DELETE FROM core.person", "CREATE TABLE mart.x (i INT)",
    "DROP TABLE core.person", "SELECT * FROM core.no_such_table", "SELECT 1 +",
)  # fmt: skip


def duckdb_kind(template: Path) -> Kind:
    open_warehouse(f"duckdb:///{template}/warehouse.duckdb").prepare()

    def new_url(folder: Path) -> str:
        url = f"duckdb:///{folder}/warehouse.duckdb"
        shutil.copyfile(working_path(f"duckdb:///{template}/warehouse.duckdb"), working_path(url))
        return url

    return Kind(
        "duckdb", new_url, DUCKDB_COMMENTS, "SELECT current_setting('TimeZone') AS zone",
        (*WRITES, "SELECT * FROM read_text('/etc/hostname')", "ATTACH '/tmp/other.duckdb'",
         "COPY core.person TO '/tmp/x.csv'", "SET enable_external_access = true", "INSTALL httpfs", "LOAD httpfs",
         "SELECT"),
    )  # fmt: skip


def postgresql_kind(server: Any) -> Kind:
    template = server.new_database()
    open_warehouse(server.url(template)).prepare()
    return Kind(
        "postgresql", lambda _: server.url(server.new_database(template)), POSTGRESQL_COMMENTS,
        "SELECT current_setting('TimeZone') AS zone",
        (*WRITES, "SET TRANSACTION READ WRITE", "COPY core.person TO '/tmp/x.csv'", "COPY core.person TO STDOUT",
         "SELECT pg_read_file('/etc/hostname')", "SELECT 1; DELETE FROM core.person",
         "COMMIT; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; COMMIT; DELETE FROM core.person",
         "SELECT nextval('nothing')", "CREATE TEMP TABLE x (i INT)",
         "SELECT * FROM core.person FOR UPDATE",
         "WITH gone AS (DELETE FROM core.person RETURNING *) SELECT * FROM gone"),
    )  # fmt: skip


def columns_of(conn: sa.Connection, schema: str, table: str) -> list[str]:
    """Names of a working table's columns."""
    real = conn.get_execution_options().get("schema_translate_map", {}).get(schema, schema)
    query = sa.text(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = :schema AND table_name = :table"
    )
    return list(conn.scalars(query, {"schema": real, "table": table}))


def working(conn: sa.Connection, schema: str) -> str:
    """Real name of a working schema, for statements as text."""
    return conn.get_execution_options().get("schema_translate_map", {}).get(schema, schema)
