"""Canonical rows that no tracker has: programs, teams, calendars, money, capacity, goals (METRICS.md 1.1, 1.3, 5).

They come from program.yaml and the CSV files named there. Reading is pure but for the files; a mistake in a file is
a :class:`ConfigurationError` that names the file, because such a number would be published as a wrong one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.schema import arrow_schema, core_table
from itpm_pipeline.canonical.shape import COMMON
from itpm_pipeline.config import Calendar, FactFiles, Objective, Program, Settings
from itpm_pipeline.errors import ConfigurationError

_EVER = date(1970, 1, 1)
_CALENDAR_YEARS = (4, 3)
"""Working days are listed from so many years before as_of to so many after."""


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A project seen in a tracker: ``ref`` is ``tracker:key``, also for keys it had before."""

    ref: str
    project_id: str


@dataclass(frozen=True, slots=True)
class IssueTraits:
    """What rules of program.yaml can match: human key, labels, components and the key of the epic above."""

    issue_id: str
    issue_key: str
    labels: tuple[str, ...]
    components: tuple[str, ...]
    epic_key: str | None


def fact_rows(
    settings: Settings, projects: Sequence[KnownProject], issues: Iterable[IssueTraits], as_of: date
) -> CanonicalRows:
    """Rows of every core table with ``Merge.FACTS``, except those of CSV files (see :func:`fact_files`)."""
    rows = CanonicalRows()
    for program in settings.programs:
        _program(program, projects, rows)
        for objective in program.objectives:
            _objective(program, objective, rows)
    _issue_rules(settings.programs, issues, rows)
    for team in settings.teams:
        rows.add("team_setting", {
            "team_key": team.key, "name": team.name, "board_ref": team.board,
            "estimate_scale_id": team.estimate_scale, "headcount_fte": team.headcount_fte,
        })
    for person in settings.people:
        for account in person.accounts:
            rows.add("person_identity", {
                "account_ref": account, "canonical_person_id": f"person:{person.key}", "canonical_name": person.name,
            })
    for name, calendar in {"default": Calendar(), **settings.calendars}.items():
        _calendar(name, calendar, as_of, rows)
    return rows


def _program(program: Program, projects: Sequence[KnownProject], rows: CanonicalRows) -> None:
    override = program.status_override
    program_id = f"program:{program.key}"
    rows.add("program", {
        "program_id": program_id, "program_key": program.key, "name": program.name,
        "owner_person_ref": program.owner, "timezone": program.timezone, "calendar_id": program.calendar,
        "start_date": program.start_date, "target_date": program.target_date, "currency": program.currency,
        "status_override": override and override.rag, "override_author": override and override.author,
        "override_reason": override and override.reason, "override_expires_on": override and override.expires_on,
    })
    for written in program.projects:
        matches: list[tuple[str, str | None]] = [
            (project.ref, project.project_id) for project in projects if fnmatchcase(project.ref, written)
        ]
        for ref, project_id in matches or [(written, None)]:
            rows.add("program_project", {
                "program_id": program_id, "project_ref": ref, "project_id": project_id,
                "valid_from": _EVER, "weight": 1.0,
            })


def _objective(program: Program, objective: Objective, rows: CanonicalRows) -> None:
    objective_id = f"objective:{program.key}:{objective.key}"
    rows.add("objective", {
        "objective_id": objective_id, "program_id": f"program:{program.key}", "name": objective.name,
        "period_start": objective.period_start, "period_end": objective.period_end, "kind": objective.kind,
        "planned_bv": objective.planned_bv, "actual_bv": objective.actual_bv,
        "parent_objective_id": objective.parent and f"objective:{program.key}:{objective.parent}",
    })
    for result in objective.key_results:
        rows.add("key_result", {
            "key_result_id": f"key_result:{program.key}:{objective.key}:{result.key}", "objective_id": objective_id,
            "name": result.name, "weight": result.weight, "start_value": result.start,
            "target_value": result.target, "unit": result.unit, "source_kind": result.source,
        })
    for number, rule in enumerate(objective.issues, start=1):
        kind, value = _rule(rule, f"objective {objective.key} of program {program.key}")
        rows.add("objective_rule", {
            "objective_id": objective_id, "rule_no": number, "match_kind": kind, "match_value": value, "weight": 1.0,
        })


def _rule(rule: str, owner: str) -> tuple[str, str]:
    kind, colon, value = rule.partition(":")
    if not colon or kind not in {"label", "component", "epic", "issue"} or not value:
        raise ConfigurationError(f"{owner}: rule {rule!r} must be label:…, component:…, epic:KEY or issue:KEY")
    return kind, value


def _issue_rules(programs: Sequence[Program], issues: Iterable[IssueTraits], rows: CanonicalRows) -> None:
    """Rules in the order of program.yaml; the first that matches an issue wins."""
    rules = [
        (program, rule, *_rule(rule, f"program {program.key}")) for program in programs for rule in program.issue_rules
    ]
    if not rules:
        return
    for issue in issues:
        for program, rule, kind, value in rules:
            having = {
                "label": issue.labels, "component": issue.components,
                "epic": (issue.epic_key, issue.issue_key), "issue": (issue.issue_key,),
            }
            if value in having[kind]:
                rows.add("issue_program_override", {
                    "issue_id": issue.issue_id, "valid_from": _EVER, "program_id": f"program:{program.key}",
                    "rule": rule,
                })
                break


def _calendar(name: str, calendar: Calendar, as_of: date, rows: CanonicalRows) -> None:
    before, after = _CALENDAR_YEARS
    day, last = date(as_of.year - before, 1, 1), date(as_of.year + after, 1, 1)
    while day < last:
        working = day.isoweekday() in calendar.weekdays and day not in calendar.holidays
        rows.add("calendar_day", {
            "calendar_id": name, "date": day, "is_working": working,
            "working_seconds": round(calendar.hours_per_day * 3600) if working else 0,
        })
        day += timedelta(days=1)


def fact_files(files: FactFiles) -> dict[str, pa.Table]:
    """The CSV files of program.yaml as Arrow tables with the columns of their core tables, common ones left out.

    Columns are those of the core table of the same name; optional ones may be missing.

    Raises:
        ConfigurationError: the file cannot be read, has an unknown or missing column, a value of the wrong type,
            an empty key or the same key twice.
    """
    named = {name: getattr(files, name) for name in type(files).model_fields}
    return {name: _read_csv(name, path) for name, path in named.items() if path is not None}


def _read_csv(name: str, path: Path) -> pa.Table:
    table = core_table(name)
    common = {column for column, _, _ in COMMON}
    schema = pa.schema([field for field in arrow_schema(table) if field.name not in common])
    try:
        data = pa.csv.read_csv(
            path,
            convert_options=pa.csv.ConvertOptions(
                column_types=schema, strings_can_be_null=True, null_values=[""], quoted_strings_can_be_null=True
            ),
        )
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file (facts.{name} in program.yaml)") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    unknown = sorted(set(data.column_names) - set(schema.names))
    missing = sorted(set(table.info["key"]) - set(data.column_names))
    if unknown or missing:
        wrong = [f"unknown column {column}" for column in unknown]
        wrong += [f"column {column} is missing" for column in missing]
        raise ConfigurationError(f"{path}: {'; '.join(wrong)}; known columns: {', '.join(schema.names)}")
    _require_key(path, data, table.info["key"])
    columns = [
        data.column(field.name) if field.name in data.column_names else pa.nulls(data.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _require_key(path: Path, data: pa.Table, key: Sequence[str]) -> None:
    for column in key:
        empty = pc.indices_nonzero(pc.is_null(data.column(column)))
        if len(empty):
            raise ConfigurationError(f"{path}: line {empty[0].as_py() + 2}: column {column} must not be empty")
    seen: dict[tuple[object, ...], int] = {}
    for line, values in enumerate(zip(*(data.column(column).to_pylist() for column in key), strict=True), start=2):
        if values in seen:
            raise ConfigurationError(f"{path}: line {line} repeats the key of line {seen[values]}: {', '.join(key)}")
        seen[values] = line
