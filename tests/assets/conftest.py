"""Definitions over a small project of models, with trackers that answer from a list."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import dagster as dg
import pytest

from assets.definitions import definitions
from assets.ingestion import PROJECT, SITE_WIDE, streams
from assets.readings import Reading
from assets.resources import Pipeline
from itpm_pipeline.config import Place, Settings
from itpm_pipeline.extract.records import SITE, StreamOutcome
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
        tests: [unique, {relationships: {to: ref('int_a'), field: x}}, {accepted_values: {values: [2], config: {severity: warn}}}]
      - {name: as_of, description: Instant.}
  - name: mart_c
    description: One row per program.
    meta: {owner: pmo@example.com}
    columns: [{name: program_id, description: Program., tests: [unique]}]
""",
}


def reading(kind: str, project: str, reason: str | None = None) -> Reading:
    """A reading with 3 records in every stream, or one that failed."""
    found = streams(kind, SITE_WIDE if project == SITE else PROJECT)
    outcomes = () if reason else tuple(StreamOutcome(s.name, project, fetched=3, requests=1) for s in found)
    return Reading(kind, f"acme-{kind}", project, outcomes, reason)


READINGS = [
    reading("jira", SITE), reading("jira", "PAY"), reading("jira", "WEB"),
    reading("github", SITE), reading("github", "acme/checkout"),
]


class FakeTrackers(Pipeline):
    """The real warehouse and models, but readings from a list."""

    folder: str
    answers: ClassVar[dict[str, list[Reading]]] = {}
    """Folder → readings; not a field, because Dagster makes a copy of a resource for every run."""

    @property
    def settings(self) -> Settings:
        return Settings(warehouse=Place(url=f"duckdb:///{self.folder}/warehouse.duckdb"))

    def read(
        self, *, kind: str | None = None, trackers: Sequence[str] = (), projects: Iterable[str] = (), full: bool = False
    ) -> Iterator[Reading]:
        wanted = list(projects)
        for found in self.answers[self.folder]:
            is_wanted = not wanted or found.partition in wanted or (found.project == SITE and SITE in wanted)
            if kind in (None, found.kind) and is_wanted and (not trackers or found.tracker in trackers):
                yield found

    def discover(self) -> dict[str, list[str]]:
        return {
            kind: [found.partition for found in self.answers[self.folder] if found.kind == kind and found.project != SITE]
            for kind in ("jira", "github")
        }

    def load_facts(self) -> None:
        """There are none."""


@pytest.fixture
def pipeline(tmp_path: Path) -> FakeTrackers:
    made = FakeTrackers(folder=str(tmp_path))
    made.answers[made.folder] = list(READINGS)
    return made


@pytest.fixture
def fail(pipeline: FakeTrackers) -> Callable[[str, str], None]:
    """Let the reading of one project fail for a reason; an empty reason repairs it."""

    def change(partition: str, reason: str) -> None:
        pipeline.answers[pipeline.folder] = [
            reading(found.kind, found.project, reason or None) if found.partition == partition else found
            for found in pipeline.answers[pipeline.folder]
        ]

    return change


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    for name, text in MODELS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def defs(models: Path, pipeline: FakeTrackers) -> dg.Definitions:
    return definitions(load_project(models), pipeline)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
