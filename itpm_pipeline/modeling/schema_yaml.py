"""The dialect of dbt's schema.yml this project uses, read strictly: an unknown key is an error, not a no-op."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from itpm_pipeline.errors import ModelError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader in C, which is eight times faster, where PyYAML was built with it."""

CheckKind = Literal[
    "not_null", "unique", "accepted_values", "relationships", "unique_combination_of_columns", "expression_is_true"
]
KINDS: Mapping[str, frozenset[str]] = {
    "not_null": frozenset(),
    "unique": frozenset(),
    "accepted_values": frozenset({"values", "quote"}),
    "relationships": frozenset({"to", "field"}),
    "unique_combination_of_columns": frozenset({"combination_of_columns"}),
    "expression_is_true": frozenset({"expression"}),
}
"""Kinds of checks with the arguments each takes: dbt's own, and two of dbt_utils that stand in macros/tests.sql
(so without the prefix: no package has to be downloaded)."""


@dataclass(frozen=True)
class Column:
    """A described column."""

    name: str
    description: str = ""


@dataclass(frozen=True)
class Check:
    """One test of a model. ``name`` is unique within the model; ``columns`` may be empty (``expression_is_true``).

    ``blocking``: failing rows stop the publication (severity error). Otherwise they are a warning.
    ``where``: only rows that satisfy this condition are tested.
    """

    name: str
    kind: CheckKind
    columns: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = True
    where: str | None = None
    description: str = ""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _ColumnEntry(_Strict):
    name: str
    description: str = ""
    data_type: str | None = None
    meta: dict[str, Any] = {}
    tests: list[str | dict[str, Any]] = []
    data_tests: list[str | dict[str, Any]] = []

    def described(self) -> Column:
        return Column(self.name, self.description.strip())


class _ModelConfig(_Strict):
    meta: dict[str, Any] = {}
    tags: list[str] = []
    group: str | None = None
    materialized: str | None = None
    severity: Literal["error", "warn"] = "error"


class ModelEntry(_Strict):
    """One entry under ``models:``."""

    name: str
    description: str = ""
    meta: dict[str, Any] = {}
    config: _ModelConfig = Field(default_factory=_ModelConfig)
    columns: list[_ColumnEntry] = []
    tests: list[str | dict[str, Any]] = []
    data_tests: list[str | dict[str, Any]] = []

    def config_meta(self) -> dict[str, Any]:
        """``config.meta``, where newer dbt wants meta to stand."""
        return self.config.meta

    def checks(self) -> tuple[Check, ...]:
        """All tests of the model and its columns; names made unique by counting."""
        found = [_check(test, (), self.config.severity, self.name) for test in (*self.tests, *self.data_tests)]
        for column in self.columns:
            found += [
                _check(test, (column.name,), self.config.severity, self.name)
                for test in (*column.tests, *column.data_tests)
            ]
        seen: dict[str, int] = {}
        unique = []
        for check in found:
            seen[check.name] = seen.get(check.name, 0) + 1
            number = f"_{seen[check.name]}" if seen[check.name] > 1 else ""
            unique.append(Check(**{**vars(check), "name": check.name + number}))
        return tuple(unique)


def _check(test: str | dict[str, Any], columns: tuple[str, ...], severity: str, model: str) -> Check:
    kind, body = (test, {}) if isinstance(test, str) else next(iter(test.items()))
    where = f"model {model}, test {kind}"
    if not isinstance(test, str) and len(test) != 1:
        raise ModelError(f"{where}: write name, description and config inside the test, indented by one more level.")
    body = dict(body or {})
    config = dict(body.pop("config", {}))
    given = body.pop("name", None)
    description = str(body.pop("description", "")).strip()
    arguments = {**body.pop("arguments", {}), **body}
    if kind not in KINDS:
        raise ModelError(f"{where}: no such test; there are {', '.join(KINDS)}.")
    required = KINDS[kind] - {"quote"}
    if not required <= set(arguments) <= KINDS[kind]:
        raise ModelError(f"{where}: takes {sorted(KINDS[kind]) or 'no arguments'}, got {sorted(arguments)}.")
    unknown = set(config) - {"severity", "where"}
    if unknown:
        raise ModelError(f"{where}: unknown config {sorted(unknown)}.")
    columns = tuple(arguments.get("combination_of_columns", columns))
    if not columns and kind != "expression_is_true":
        raise ModelError(f"{where}: belongs to a column.")
    return Check(
        name=str(given or "_".join((kind, *columns))),
        kind=kind,  # type: ignore[arg-type]  # narrowed by the table above
        columns=columns,
        arguments=arguments,
        blocking=str(config.get("severity", severity)).lower() == "error",
        where=config.get("where"),
        description=description,
    )


def read_yaml(text: str, where: str) -> dict[str, Any]:
    """Parse one schema.yml; ModelError names the file. ``unit_tests`` and ``exposures`` are left to dbt."""
    try:
        document = yaml.load(text, _LOADER) or {}  # noqa: S506  # safe, either of them
    except yaml.YAMLError as error:
        raise ModelError(f"{where}: cannot be read as YAML: {error}") from error
    if not isinstance(document, dict) or document.get("version", 2) != 2:
        raise ModelError(f"{where}: expected 'version: 2' and a list of models or sources.")
    unknown = set(document) - {"version", "models", "sources", "unit_tests", "exposures"}
    if unknown:
        raise ModelError(f"{where}: unknown keys {sorted(unknown)}.")
    return {**document, "__where__": where}


def read_models(document: Mapping[str, Any]) -> list[ModelEntry]:
    """The entries under ``models:``."""
    found = []
    for entry in document.get("models") or []:
        try:
            found.append(ModelEntry.model_validate(entry))
        except ValidationError as error:
            name = entry.get("name", "?") if isinstance(entry, dict) else entry
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise ModelError(f"{document['__where__']}: model {name}: {key}: {first['msg']}.") from error
    return found


def read_sources(document: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Schema → names of its tables, from ``sources:``."""
    return {
        source["name"]: frozenset(table["name"] for table in source.get("tables", []))
        for source in document.get("sources") or []
    }
