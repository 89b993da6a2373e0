"""Reads the published warehouse and makes one report per program."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from itpm_pipeline.errors import OutdatedError
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.reports.program import delivery, dependency, quality, status, velocity
from itpm_pipeline.reports.program.content import Report, Row, Section
from itpm_pipeline.warehouse.engine import Published


@dataclass(frozen=True, slots=True)
class Subject:
    """Part of a report: what it reads (each row with its ``program_id``), and the sections it makes of that."""

    queries: Mapping[str, str]
    build: Callable[[Mapping[str, Sequence[Row]]], Sequence[Section]]


SUBJECTS = (
    Subject(status.QUERIES, status.build),
    Subject(velocity.QUERIES, velocity.build),
    Subject(delivery.QUERIES, delivery.build),
    Subject(dependency.QUERIES, dependency.build),
    Subject(quality.QUERIES, quality.build),
)
"""In the order of the report."""

_MODEL = re.compile(r"\b(?:int|mart)\.(\w+)")
_PROGRAMS = """
    select program_id, program_key, name, overall_rag, headline, as_of, config_version
    from mart.mart_program_status order by program_key
"""


def collect(published: Published, project: Project, program: str | None = None) -> list[Report]:
    """Reports of all programs, or of the one with that key (none if there is no such program).

    OutdatedError: the published tables are not those of the project's models.
    """
    _require_columns(published, project)
    chosen = [row for row in published.query(_PROGRAMS).to_pylist() if program in (None, row["program_key"])]
    if not chosen:
        return []
    found = [{name: _by_program(published, query) for name, query in subject.queries.items()} for subject in SUBJECTS]
    return [
        Report(
            program_key=row["program_key"], name=row["name"], rag=row["overall_rag"], headline=row["headline"] or "",
            as_of=row["as_of"], config_version=row["config_version"],
            sections=[
                section
                for subject, queries in zip(SUBJECTS, found, strict=True)
                for section in subject.build({name: rows[row["program_id"]] for name, rows in queries.items()})
            ],
        )
        for row in chosen
    ]  # fmt: skip


def _require_columns(published: Published, project: Project) -> None:
    """All columns that the models which reports read are said to have must be there."""
    texts = [_PROGRAMS, *(query for subject in SUBJECTS for query in subject.queries.values())]
    read = sorted({name for text in texts for name in _MODEL.findall(text)})
    there = published.query(
        "select table_name, column_name from information_schema.columns where table_schema in ('int', 'mart')"
    )
    built = {(row["table_name"], row["column_name"]) for row in there.to_pylist()}
    for name in read:
        for column in project.model(name).columns:
            if (name, column.name) not in built:
                raise OutdatedError(
                    f"what is published was built by older models: {name} has no column {column.name}; run itpm build"
                )


def _by_program(published: Published, query: str) -> Mapping[str, list[Row]]:
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in published.query(query).to_pylist():
        rows[row["program_id"]].append(row)
    return rows
