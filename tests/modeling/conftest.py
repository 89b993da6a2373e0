"""Small throw-away projects and an empty warehouse."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from small_databases import small_database

from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import BuildReport, build
from itpm_pipeline.modeling.project import Project, load_project
from itpm_pipeline.warehouse.ops import SYNC_LOG

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)

OPS = "version: 2\nsources:\n  - {name: ops, tables: [{name: build_parameter}, {name: setting_value}]}\n"


@pytest.fixture
def project(tmp_path: Path) -> Callable[[dict[str, str]], Project]:
    """Write files (path → text) and read them as a project."""

    def write(files: dict[str, str]) -> Project:
        for name, text in {"sources.yml": OPS, **files}.items():
            path = tmp_path / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load_project(tmp_path / "project")

    return write


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    """An empty DuckDB with all core tables and the log of readings."""
    engine = small_database()
    with engine.begin() as connection:
        for schema in ("core", "ops"):
            connection.exec_driver_sql(f"create schema {schema}")
        for table in (*metadata.sorted_tables, SYNC_LOG):
            connection.execute(sa.schema.CreateTable(table))
        yield connection
    engine.dispose()


@pytest.fixture
def built(connection: sa.Connection) -> Callable[..., BuildReport]:
    """Build a project as of the fixed instant."""

    def run(project: Project, **options: object) -> BuildReport:
        return build(connection, project, as_of=AS_OF, settings=MetricSettings(), **options)  # type: ignore[arg-type]

    return run
