"""Reads a folder of models: SQL (or Python) files and the schema.yml files that describe and test them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.declarations import Declarations, declared_by_python, declared_by_sql
from itpm_pipeline.modeling.schema_yaml import Check, Column, ModelEntry, read_models, read_sources, read_yaml
from itpm_pipeline.modeling.separable import Separable, Table, readers_of, separable_of, tables_in

PACKAGE = "dbt_like_sql"
FOLDER = Path(__file__).resolve().parents[2] / PACKAGE
"""Installed beside this library, in a checkout as in a wheel."""
INTERMEDIATE, MART = "int", "mart"
NOT_MODELS = frozenset({"macros", "tests", "target", "dbt_packages", "logs", "__pycache__"})
"""Folders of a dbt project that hold no models."""


@dataclass(frozen=True)
class Model:
    """One model: a file that makes one table.

    ``schema`` is ``int`` for ``int_*`` and ``mart`` for everything else; ``folder`` the folders below the project,
    outermost first; ``code`` the file's text; ``group`` the Dagster group it belongs to.
    """

    name: str
    schema: str
    folder: tuple[str, ...]
    language: str
    code: str
    declared: Declarations
    description: str = ""
    columns: tuple[Column, ...] = ()
    checks: tuple[Check, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    separable: Separable | None = None
    """How it can be built for some of its keys alone, if it can."""

    @property
    def path(self) -> str:
        """The file, relative to the project."""
        return "/".join((*self.folder, f"{self.name}.{self.language}"))

    @property
    def group(self) -> str:
        """``meta.group`` or the innermost folder."""
        return str(self.meta.get("group") or (self.folder[-1] if self.folder else self.schema))

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that identify a row: those of the first blocking uniqueness check; empty if there is none."""
        for check in self.checks:
            if check.kind in ("unique", "unique_combination_of_columns") and check.blocking:
                return check.columns
        return ()

    @cached_property
    def code_version(self) -> str:
        """Hash of the code: changes when, and only when, the table would be built differently."""
        return sha256(self.code.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Project:
    """All models of a folder by name, and the tables outside it that they may read (schema → tables)."""

    models: Mapping[str, Model]
    sources: Mapping[str, frozenset[str]]

    @cached_property
    def readers(self) -> Mapping[Table, list[tuple[str, str]]]:
        """Table → the models that want to know which of its keys changed, each with the column it goes by."""
        return readers_of(self.models)

    def model(self, name: str) -> Model:
        """The model of that name; ModelError if there is none."""
        if name not in self.models:
            raise ModelError(f"There is no model {name!r} in {PACKAGE}.")
        return self.models[name]


def load_project(folder: Path | None = None) -> Project:
    """Read a project folder; default: ``dbt_like_sql`` as installed. Raises ModelError naming the file at fault.

    The same object as before while no file has changed.
    """
    root = folder if folder is not None else FOLDER
    if not root.is_dir():
        raise ModelError(f"There is no folder of models at {root}.")
    files = sorted(_files(root, ()), key=lambda found: (found[0], found[1].name))
    written = (file.stat() for _, file in files)
    return _read(tuple(files), tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in written))


@lru_cache(maxsize=8)
def _read(files: tuple[tuple[tuple[str, ...], Path], ...], _as_of: tuple[tuple[int, int, int], ...]) -> Project:
    entries: dict[str, tuple[str, ModelEntry]] = {}
    sources: dict[str, frozenset[str]] = {}
    for parents, file in files:
        where = "/".join((*parents, file.name))
        if not file.name.endswith((".yml", ".yaml")) or where == "dbt_project.yml":
            continue
        document = read_yaml(file.read_text(encoding="utf-8"), where)
        sources.update(read_sources(document))
        for entry in read_models(document):
            if entry.name in entries:
                raise ModelError(f"{where}: model {entry.name} is described in {entries[entry.name][0]} already.")
            entries[entry.name] = (where, entry)
    models: dict[str, Model] = {}
    for parents, file in files:
        name, _, language = file.name.rpartition(".")
        if language not in ("sql", "py") or name == "__init__":
            continue
        if name in models:
            raise ModelError(f"Two models are named {name}: {models[name].path} and {'/'.join((*parents, file.name))}.")
        entry = entries.pop(name)[1] if name in entries else ModelEntry(name=name)
        models[name] = _model(name, parents, language, file.read_text(encoding="utf-8"), entry)
    for name, (where, _) in entries.items():
        raise ModelError(f"{where}: describes {name}, but there is no {name}.sql beside it.")
    project = Project(models, sources)
    _resolve(project)
    return project


def _files(folder: Path, parents: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Path]]:
    for item in folder.iterdir():
        if item.is_dir() and item.name not in NOT_MODELS and not item.name.startswith("."):
            yield from _files(item, (*parents, item.name))
        elif item.is_file():
            yield parents, item


def _model(name: str, parents: tuple[str, ...], language: str, code: str, entry: ModelEntry) -> Model:
    declare = declared_by_sql if language == "sql" else declared_by_python
    meta = {**entry.config_meta(), **entry.meta}
    return Model(
        name=name,
        schema=INTERMEDIATE if name.startswith("int_") else MART,
        folder=parents,
        language=language,
        code=code,
        declared=declare(code, f"{'/'.join((*parents, name))}.{language}"),
        description=entry.description.strip(),
        columns=tuple(column.described() for column in entry.columns),
        checks=entry.checks(),
        meta=meta,
        separable=separable_of(meta, f"{'/'.join((*parents, name))}.{language}", language),
    )


def _resolve(project: Project) -> None:
    """Every ref and source names something that exists."""
    for model in project.models.values():
        for name in model.declared.refs:
            if name not in project.models:
                raise ModelError(f"{model.path}: ref({name!r}) names no model.")
        for schema, table in model.declared.sources:
            if table not in project.sources.get(schema, frozenset()):
                raise ModelError(f"{model.path}: source({schema!r}, {table!r}) is not in sources.yml.")
    for model in project.models.values():
        for reach in model.separable.reached if model.separable else ():
            tables_in(reach.keys, model, project.models)
    project.readers  # noqa: B018  raises where a declaration names what the model does not read
