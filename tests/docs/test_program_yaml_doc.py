"""docs/program-yaml.md names every key of program.yaml with its default, and no other; its examples are valid."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from itpm_pipeline import metric_settings as metrics
from itpm_pipeline.canonical.declaration import TYPES
from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.canonical.shape import COMMON
from itpm_pipeline.config import MailServer, Notifications, load_settings, settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "program-yaml.md"
OF_EVERY_TRACKER = frozenset(settings.JiraTracker.model_fields) & frozenset(settings.GithubTracker.model_fields) - {
    "kind", "token", "page_size",
}  # fmt: skip
NONE: frozenset[str] = frozenset()
SECTIONS: dict[str, tuple[type[BaseModel], frozenset[str]]] = {
    "Top level": (settings.Settings, NONE),
    "Places": (settings.Place, NONE),
    "Every tracker": (settings.JiraTracker, frozenset(settings.JiraTracker.model_fields) - OF_EVERY_TRACKER),
    "kind: jira": (settings.JiraTracker, OF_EVERY_TRACKER),
    "kind: github": (settings.GithubTracker, OF_EVERY_TRACKER),
    "app": (settings.GithubApp, NONE),
    "Choosing projects": (settings.ProjectFilter, NONE),
    "Programs": (settings.Program, NONE),
    "Status override": (settings.StatusOverride, NONE),
    "Objectives": (settings.Objective, NONE),
    "Key results": (settings.KeyResult, NONE),
    "Teams": (settings.Team, NONE),
    "People": (settings.Person, NONE),
    "Calendars": (settings.Calendar, NONE),
    "Notifications": (Notifications, NONE),
    "email": (MailServer, NONE),
    "metrics.time": (metrics.TimeSettings, NONE),
    "metrics.sprint": (metrics.SprintSettings, NONE),
    "metrics.sprint.done_basis": (metrics.DoneBasis, NONE),
    "metrics.flow": (metrics.FlowSettings, NONE),
    "metrics.forecast": (metrics.ForecastSettings, NONE),
    "metrics.forecast.backtest": (metrics.BacktestSettings, NONE),
    "metrics.dependency": (metrics.DependencySettings, NONE),
    "metrics.dependency.link_types": (metrics.LinkType, NONE),
    "metrics.resource": (metrics.ResourceSettings, NONE),
    "metrics.risk": (metrics.RiskSettings, NONE),
    "metrics.rag": (metrics.RagSettings, NONE),
    "metrics.evm": (metrics.EvmSettings, NONE),
    "metrics.objective": (metrics.ObjectiveSettings, NONE),
}
"""Heading on the page: the model whose keys it lists, and those of them that stand under another heading."""
CSV_FILES = tuple(settings.FactFiles.model_fields)
NOT_LISTED = {settings.FactFiles, metrics.MetricSettings}
"""Their keys are the headings themselves."""


def shown_default(field: FieldInfo) -> str:
    """A default as the page shows it."""
    if field.is_required():
        return "required"
    value = _plain(field.get_default(call_default_factory=True))
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if text else "empty"


def _plain(value: Any) -> Any:
    if isinstance(value, settings.ProjectFilter):
        return "all"
    if isinstance(value, settings.Place):
        return value.url
    if isinstance(value, BaseModel):
        return None if type(value) in {*NOT_LISTED, Notifications} else value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def columns_of(name: str) -> list[tuple[str, str, str, bool]]:
    """Columns of a CSV file: name, type, meaning, required."""
    table = core_table(name)
    words = {"text": "text", "date": "date", "double": "number", "int": "number", "money": "money"}
    kinds = {id(type_): words.get(word, word) for word, type_ in TYPES.items()}
    common = {column for column, _, _ in COMMON}
    return [
        (column.name, kinds[id(column.type)], column.comment, column.name in table.info["key"])
        for column in table.columns
        if column.name not in common
    ]


def required_columns(name: str) -> set[str]:
    return {column for column, _, _, required in columns_of(name) if required}


@pytest.fixture(scope="module")
def sections() -> dict[str, list[list[str]]]:
    """Heading → rows of the table under it, without its head."""
    parts = re.split(r"^#+ (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        lines = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("|")]
        found[heading] = [[cell.strip() for cell in cells] for cells in lines[2:]]
    return found


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_listed_with_its_default(sections, heading):
    model, elsewhere = SECTIONS[heading]
    listed = {row[0].strip("`"): row[2] for row in sections[heading]}
    assert listed == {
        name: shown_default(field) for name, field in model.model_fields.items() if name not in elsewhere
    }
    assert all(row[1] and row[3] for row in sections[heading]), "a key without type or meaning"


@pytest.mark.parametrize("name", CSV_FILES)
def test_every_column_of_a_file_is_listed(sections, name):
    listed = {row[0].strip("`"): (row[1], row[2] == "required") for row in sections[f"{name}.csv"]}
    assert listed == {column: (kind, required) for column, kind, _, required in columns_of(name)}


def test_no_heading_names_what_does_not_exist(sections):
    with_tables = {heading for heading, rows in sections.items() if rows}
    assert with_tables == {*SECTIONS, *(f"{name}.csv" for name in CSV_FILES)}


def test_every_model_of_the_settings_has_a_heading():
    reachable: set[type[BaseModel]] = set()

    def walk(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in reachable:
                reachable.add(annotation)
                for field in annotation.model_fields.values():
                    walk(field.annotation)
            return
        for part in getattr(annotation, "__args__", ()):
            walk(part)

    walk(settings.Settings)
    assert reachable - NOT_LISTED == {model for model, _ in SECTIONS.values()}


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_every_example_is_accepted(tmp_path):
    blocks = examples()
    assert len(blocks) >= 10
    for block in blocks:
        file = tmp_path / "program.yaml"
        file.write_text(block, encoding="utf-8")
        variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "https://value.example")
        load_settings(file, variables)


def test_links_lead_to_headings(sections):
    text = PAGE.read_text(encoding="utf-8")
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in sections}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_headings_go_down_by_one_level():
    prose = re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
