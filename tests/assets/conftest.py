"""Definitions over a small project of models, with trackers that answer from a list."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import pytest
from scripted_trackers import ScriptedSource, World

from assets.definitions import definitions
from assets.resources import Pipeline
from itpm_pipeline.config import Settings
from itpm_pipeline.modeling.project import load_project

MODELS = {
    "sources.yml": "sources: [{name: core, tables: [{name: program}]}, {name: ops, tables: [{name: build_parameter}]}]",
    "intermediate/int_a.sql": "select as_of, 1 as x from {{ source('ops', 'build_parameter') }}",
    "marts/velocity/mart_b.sql": "select x, as_of from {{ ref('int_a') }}",
    "marts/program/mart_c.sql": "select program_id from {{ source('core', 'program') }}",
    "models.yml": """
models:
  - name: int_a
    description: One row per x.
    columns: [{name: x, description: The x., tests: [unique, not_null]}, {name: as_of, description: Instant.}]
  - name: mart_b
    description: One row per x.
    columns:
      - name: x
        description: The x.
        tests:
          - unique
          - relationships: {to: ref('int_a'), field: x}
          - accepted_values: {values: [2], config: {severity: warn}}
      - {name: as_of, description: Instant.}
  - name: mart_c
    description: One row per program.
    meta: {owner: pmo@example.com}
    columns: [{name: program_id, description: Program., tests: [unique]}]
""",
}


class ScriptedPipeline(Pipeline):
    """The real pipeline, but for what answers."""

    folder: str
    worlds: ClassVar[dict[str, World]] = {}
    """By folder; not a field, because Dagster makes a copy of a resource for every run."""

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "warehouse": {"url": f"duckdb:///{self.folder}/warehouse.duckdb"},
                "landing": {"url": f"{self.folder}/landing"},
                "as_of": "2026-11-16T08:00:00Z",
                "trackers": [
                    {"name": f"acme-{kind}", "kind": kind, "url": "http://127.0.0.1:9", "token": "never-shown"}
                    for kind in ("jira", "github")
                ],
                "programs": [
                    {"key": "PAYMENTS", "name": "Payments", "projects": ["acme-jira:PAY", "acme-github:acme/*"]},
                    {"key": "WEB", "name": "Web", "projects": ["acme-jira:WEB"]},
                ],
            }
        )

    def open_source(self, tracker: Any) -> ScriptedSource:
        return ScriptedSource(self.worlds[self.folder], tracker)


@pytest.fixture
def pipeline(tmp_path: Path) -> ScriptedPipeline:
    return ScriptedPipeline(folder=str(tmp_path))


@pytest.fixture
def world(pipeline: ScriptedPipeline) -> World:
    made = World({"acme-jira": ["PAY", "WEB"], "acme-github": ["acme/checkout"]})
    pipeline.worlds[pipeline.folder] = made
    return made


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    for name, text in MODELS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def defs(models: Path, pipeline: ScriptedPipeline, world: World) -> dg.Definitions:
    return definitions(load_project(models), pipeline)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
