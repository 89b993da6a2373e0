"""Builds models into the warehouse, in order, and runs their checks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from itpm_pipeline.errors import ModelError
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.checks import CheckResult, record_results, require_passed, run_checks
from itpm_pipeline.modeling.content import Content, content_of
from itpm_pipeline.modeling.dialects import for_engine
from itpm_pipeline.modeling.execution import in_utc, run
from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.journal import Journal
from itpm_pipeline.modeling.keyed import bring_up_to_date, count_of
from itpm_pipeline.modeling.parameters import write_parameters
from itpm_pipeline.modeling.project import INTERMEDIATE, MART, Model, Project
from itpm_pipeline.modeling.python_models import run_python_model
from itpm_pipeline.modeling.render import Schemas, render
from itpm_pipeline.modeling.reuse import LastBuild, frame_of, last_builds, record_build
from itpm_pipeline.warehouse.ops import BUILD_PARAMETER, CHECK_RESULT, MODEL_BUILD, OPS, SETTING_VALUE, private


@dataclass(frozen=True, slots=True)
class BuiltColumn:
    """A column of a table as built; ``type`` in the words of the engine."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class BuiltKeys:
    """Of a table whose rows belong to keys: for how many of its keys rows were computed, in this build."""

    by: str
    built: int
    of: int

    def __str__(self) -> str:
        return f"{self.built:,} of {self.of:,} {self.by.removesuffix('_id')}s"


@dataclass(frozen=True, slots=True)
class BuiltModel:
    """A table that was built. ``is_reused``: nothing it is made of has changed, so it was left as it is.

    ``keys``: it was built for some of its keys only, and all its other rows were left as they are.
    """

    name: str
    rows: int
    seconds: float
    columns: tuple[BuiltColumn, ...]
    is_reused: bool = False
    keys: BuiltKeys | None = None


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What one build did. Check failures are in ``checks``; :meth:`require_passed` turns them into an error."""

    as_of: datetime
    config_version: str
    models: tuple[BuiltModel, ...]
    checks: tuple[CheckResult, ...]
    seconds: float

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """Blocking checks with failing rows."""
        return tuple(result for result in self.checks if result.blocking and not result.passed)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Other checks with failing rows."""
        return tuple(result for result in self.checks if not result.blocking and not result.passed)

    def require_passed(self) -> None:
        """Raise ModelError naming every failed blocking check; call it before publishing."""
        require_passed(self.checks)


def build(
    connection: sa.Connection,
    project: Project,
    *,
    as_of: datetime,
    settings: MetricSettings,
    select: str | Iterable[str] | None = None,
    progress: Callable[[BuiltModel], None] | None = None,
    anew: bool = False,
) -> BuildReport:
    """Write the parameters, build the selected models (default: all), check them, write ops.check_result.

    Models are left as they are while nothing they are made of has changed, unless ``anew``; the result is the same.
    Runs in the transaction of ``connection``, on the private working database: readers see nothing of it. ``as_of``:
    aware instant that all metrics are computed for (METRICS.md T7). Raises ModelError when a model cannot be built. A
    failed check does not raise, so that the transaction with its results can be committed: call
    :meth:`BuildReport.require_passed` after that.
    """
    started = perf_counter()
    order = build_order(project, select)
    prepare(connection, as_of=as_of, settings=settings)
    built = []
    journal = Journal(connection, project, Schemas.of(connection))
    for name in order:
        built.append(build_model(connection, project, name, anew=anew, journal=journal))
        if progress is not None:
            progress(built[-1])
    results = run_checks(connection, project, order)
    record_results(connection, results)
    return BuildReport(as_of, settings.config_version, tuple(built), tuple(results), perf_counter() - started)


def prepare(connection: sa.Connection, *, as_of: datetime, settings: MetricSettings) -> None:
    """Write ops.build_parameter and ops.setting_value and create the schemas: once before the first model."""
    in_utc(connection)
    schemas = Schemas.of(connection)
    there = set(connection.scalars(sa.text("select schema_name from information_schema.schemata")))
    for schema in (INTERMEDIATE, MART, OPS):
        name = schemas.real.get(schema, schema)
        # "if not exists" would ask for the right to create it even where it exists.
        if name not in there:
            run(connection, f'create schema "{name}"')
    for table in (BUILD_PARAMETER, SETTING_VALUE, CHECK_RESULT, MODEL_BUILD, *private.sorted_tables):
        connection.execute(CreateTable(table, if_not_exists=True))
    write_parameters(connection, as_of=as_of, settings=settings)


def build_model(
    connection: sa.Connection, project: Project, name: str, *, anew: bool = False, journal: Journal | None = None
) -> BuiltModel:
    """Build one model, whose inputs are there, as a table with comments. ModelError if the engine refuses it.

    If it would come out as it is (same code, same content of all it reads) it is not built, unless ``anew``; if only
    rows of some keys would come out differently, only these are built, where the model declares that it can be.
    ``journal``: that of the models built before in the same transaction, if the loader did not write meanwhile.
    """
    started = perf_counter()
    model = project.model(name)
    in_utc(connection)
    journal = journal or Journal(connection, project, Schemas.of(connection))
    try:
        built = _build(connection, project, model, journal, anew=anew)
    except SQLAlchemyError as error:
        raise ModelError(f"{model.path}: the database refused it: {error.__cause__ or error}") from error
    return replace(built, seconds=perf_counter() - started)


def _build(connection: sa.Connection, project: Project, model: Model, journal: Journal, *, anew: bool) -> BuiltModel:
    if model.separable is not None:
        journal.look_at_sources(model)
    frame = frame_of(connection, model, project, journal)
    columns = table_columns(connection, model.schema, model.name)
    last = last_builds(connection, [model.name]).get(model.name) if columns else None
    if last is not None and last.inputs == frame and not anew:
        if model.separable is None:
            return BuiltModel(model.name, last.rows, 0, columns, is_reused=True)
        found = bring_up_to_date(journal, model, Content.read(last.content), _as_of(connection))
        if found is not None:
            record_build(connection, model.name, LastBuild(frame, str(found.content), found.content.rows))
            keys = BuiltKeys(model.separable.by, found.built, found.keys) if found.built else None
            return BuiltModel(model.name, found.content.rows, 0, columns, is_reused=keys is None, keys=keys)
    table = (model.schema, model.name)
    relation = journal.schemas.relation(*table)
    before = journal.before(table) if last is not None else {}
    if model.language == "py":
        run_python_model(connection, model, project, journal.schemas)
    else:
        _create_as(connection, relation, for_engine(render(model, project, journal.schemas), connection))
    content = content_of(connection, relation)
    record_build(connection, model.name, LastBuild(frame, str(content), content.rows))
    journal.after(table, before, content)
    if model.separable is not None:
        journal.built(model, _as_of(connection), count_of(connection, relation, model.separable.by))
    columns = table_columns(connection, model.schema, model.name)
    _comment(connection, relation, model, columns)
    return BuiltModel(model.name, content.rows, 0, columns)


def _as_of(connection: sa.Connection) -> datetime:
    as_of: datetime = connection.execute(sa.select(BUILD_PARAMETER.c.as_of)).scalar_one()
    return as_of


def _create_as(connection: sa.Connection, relation: str, select: str) -> None:
    if connection.dialect.name == "duckdb":
        run(connection, f"create or replace table {relation} as\n{select}")
    else:
        run(connection, f"drop table if exists {relation} cascade")
        run(connection, f"create table {relation} as\n{select}")
        # Without statistics PostgreSQL plans the next models as if this one were nearly empty.
        run(connection, f"analyze {relation}")


def table_columns(connection: sa.Connection, schema: str, table: str) -> tuple[BuiltColumn, ...]:
    """Columns of a table in order; empty if there is no such table."""
    if connection.dialect.name == "duckdb":
        # Its information_schema goes through all columns of all tables to find those of one.
        try:
            described = run(connection, f"describe {Schemas.of(connection).relation(schema, table)}")
        except ProgrammingError:  # There is no such table; nothing else can be wrong with this statement.
            return ()
        return tuple(BuiltColumn(str(name), str(kind).lower()) for name, kind, *_ in described)
    rows = connection.execute(
        sa.text(
            "select column_name, data_type from information_schema.columns "
            "where table_schema = :schema and table_name = :table order by ordinal_position"
        ),
        {"schema": Schemas.of(connection).real.get(schema, schema), "table": table},
    )
    return tuple(BuiltColumn(name, kind.lower()) for name, kind in rows)


def _comment(connection: sa.Connection, relation: str, model: Model, columns: tuple[BuiltColumn, ...]) -> None:
    there = {column.name for column in columns}
    if model.description:
        run(connection, f"comment on table {relation} is {_text(model.description)}")
    for column in model.columns:
        if column.name in there and column.description:
            run(connection, f'comment on column {relation}."{column.name}" is {_text(column.description)}')


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
