"""Notes which keys of a table have changed, for the models that read it by key, until these are built next.

Tables of models are compared as they are built, before against after; tables of the loader against what is remembered
of each of their keys. What changed is noted in the transaction that changed it, once for every model that reads the
table, so a model may be built whenever its turn comes, or never. A model of which it is not certain that everything was
noted since its last build has no row in ops.keyed_build, and is built as a whole.
"""
# ruff: noqa: S608 - statements are put together from our own quoted names, never from data

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from itpm_pipeline.modeling.content import Content, content_of, fingerprints, keys_content
from itpm_pipeline.modeling.dialects import for_engine
from itpm_pipeline.modeling.execution import run
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.render import Schemas
from itpm_pipeline.modeling.separable import CHANGED, SINCE, UNTIL, Reach, Table, inputs_of, query_of_keys, tables_in
from itpm_pipeline.warehouse.ops import (
    CHANGED_KEY,
    KEYED_BUILD,
    MODEL_BUILD,
    NOTED_CONTENT,
    OPS,
    SOURCE_KEY,
)  # fmt: skip

TOO_MANY = 0.5
"""Share of keys from which on it is cheaper to build everything."""
FEW = 1_000
"""So many keys are noted however few there are."""
OF_A_MODEL = ""
"""Key column under which the content of a model's table is noted."""


@dataclass
class Journal:
    """The notes, in one transaction in which the loader writes nothing."""

    connection: sa.Connection
    project: Project
    schemas: Schemas
    _contents: dict[Table, Content] = field(default_factory=dict)
    _looked_at: set[tuple[Table, str]] = field(default_factory=set)

    def content(self, table: Table) -> Content:
        """What a table of the loader (or of a model that was not built by us) holds; read once."""
        if table not in self._contents:
            self._contents[table] = content_of(self.connection, self.schemas.relation(*table))
        return self._contents[table]

    # --- What changed ------------------------------------------------------------------------------------------

    def look_at_sources(self, model: Model) -> None:
        """Note what changed in the tables of the loader that a model reads by key."""
        for table, column in inputs_of(model, self.project.models).watched():
            if table in model.declared.sources and (table, column) not in self._looked_at:
                self._look_at(table, column)
                self._looked_at.add((table, column))

    def _look_at(self, table: Table, column: str) -> None:
        relation, now = _name(table), self._make("keys_now", self._fingerprints(table, column))
        content = str(keys_content(self.connection, now))
        before = self._noted(relation, column)
        if before != content:
            known = f"{self._relation(SOURCE_KEY)} where relation = '{relation}' and key_column = '{column}'"
            if before is None:
                self.forget(self._readers(table, column))
                run(self.connection, f"delete from {known}")
                self._write_sources(relation, column, now)
            else:
                changed = self._compare(f"(select key, fingerprint from {known})", now)
                self._tell(table, column, changed)
                run(self.connection, f"delete from {known} and key in (select key from {changed})")
                self._write_sources(relation, column, f"{now} where key in (select key from {changed})")
                self._drop(changed)
            self._note(relation, column, content)
        self._drop(now)

    def watched_columns(self, table: Table) -> tuple[str, ...]:
        """Columns by which models look at what changed in a table."""
        return tuple(dict.fromkeys(column for _, column in self.project.readers.get(table, ())))

    def before(self, table: Table) -> dict[str, str]:
        """Temporary tables with the fingerprints of a model's table as it is, by column; empty if nobody knows it."""
        if table not in self._noted_tables():
            return {}
        return {
            column: self._make(f"before_{place}", self._fingerprints(table, column))
            for place, column in enumerate(self.watched_columns(table))
        }

    def after(self, table: Table, before: Mapping[str, str], content: Content) -> None:
        """Note what changed in a model's table since :meth:`before`; everything if that was empty."""
        if not before:
            self.forget(name for name, _ in self.project.readers.get(table, ()))
        for column, known in before.items():
            if self._noted(_name(table), OF_A_MODEL) != str(content):
                now = self._make("keys_now", self._fingerprints(table, column))
                changed = self._compare(known, now)
                self._tell(table, column, changed)
                self._drop(changed, now)
            self._drop(known)
        if self.watched_columns(table):
            self._note(_name(table), OF_A_MODEL, str(content))

    def differences(self, table: Table, column: str, removed: str, added: str) -> None:
        """Note the keys of a column whose rows differ between two tables, of which one takes the place of the other."""
        known = self._make("before_0", fingerprints(self.connection, removed, column))
        now = self._make("keys_now", fingerprints(self.connection, added, column))
        changed = self._compare(known, now)
        self._tell(table, column, changed)
        self._drop(changed, known, now)

    def settle(self, table: Table, content: Content) -> None:
        """A model's table holds this now, and every difference to what it held before was noted."""
        if table not in self._noted_tables():
            self.forget(name for name, _ in self.project.readers.get(table, ()))
        self._note(_name(table), OF_A_MODEL, str(content))

    def forget(self, models: Iterable[str]) -> None:
        """These models have to be built as a whole: not all that changed in what they read could be noted."""
        for name in set(models):
            self.connection.execute(sa.delete(KEYED_BUILD).where(KEYED_BUILD.c.model == name))
            self.connection.execute(sa.delete(CHANGED_KEY).where(CHANGED_KEY.c.model == name))

    # --- Whom it concerns --------------------------------------------------------------------------------------

    def keys_of(self, model: Model, as_of: datetime, into: str) -> int | None:
        """Write the keys to build a model for into a temporary table; how many. None: it has to be built as a whole."""
        last = self.connection.execute(sa.select(KEYED_BUILD).where(KEYED_BUILD.c.model == model.name)).one_or_none()
        inputs = inputs_of(model, self.project.models)
        wanted = {table for table, _ in inputs.watched() if _is_model(table, model)}
        if last is None or not wanted <= self._noted_tables():
            return None
        all_of = self._make("concerned", self._pending(model, inputs.keyed))
        for table, reach in inputs.reached.items():
            changed = self._make("changed_values", self._pending(model, [table]))
            if self._count(changed):
                self._add_keys(all_of, model, reach, {("", CHANGED): changed}, {})
            self._drop(changed)
        time = model.separable.reach_of_time if model.separable else None
        if time is not None and as_of != last.as_of:
            since, until = sorted((as_of, last.as_of))
            self._add_keys(all_of, model, time, {}, {SINCE: _instant(since), UNTIL: _instant(until)})
        self._make(into, f"select distinct key from {all_of} where key is not null")
        self._drop(all_of)
        return self._count(into)

    def built(self, model: Model, as_of: datetime, keys: int) -> None:
        """A model is up to date with all that was noted for it; so many keys are in its table."""
        self.forget([model.name])
        noted = self._noted_tables()
        for table, _ in inputs_of(model, self.project.models).watched():
            if _is_model(table, model) and table not in noted:
                # Built before anybody wanted to know, or by another release. Others may have missed a change.
                self.forget(name for name, _ in self.project.readers[table] if name != model.name)
                built = self._built(table)
                assert built is not None
                self._note(_name(table), OF_A_MODEL, built)
        self.connection.execute(sa.insert(KEYED_BUILD), [{"model": model.name, "as_of": as_of, "key_count": keys}])

    def key_count(self, model: Model) -> int:
        """How many keys the table of a model has."""
        found = self.connection.scalar(sa.select(KEYED_BUILD.c.key_count).where(KEYED_BUILD.c.model == model.name))
        return int(found or 0)

    # --- Statements --------------------------------------------------------------------------------------------

    def _add_keys(
        self, into: str, model: Model, reach: Reach, replaced: Mapping[Table, str], values: Mapping[str, str]
    ) -> None:
        models = self.project.models
        real = {table: self.schemas.relation(*table) for table in tables_in(reach.keys, model, models).values()}
        query = query_of_keys(reach.keys, model, models, {**real, **replaced}, values)
        run(self.connection, f"insert into {into} {for_engine(query, self.connection)}")

    def _tell(self, table: Table, column: str, changed: str) -> None:
        """Note changed keys for all who look at that column, unless there are too many."""
        count = self._count(changed)
        readers = self._readers(table, column)
        if count > FEW and count > TOO_MANY * self._count(self.schemas.relation(*table), f'distinct "{column}"'):
            self.forget(readers)
        elif count:
            noted, names = self._relation(CHANGED_KEY), ", ".join(f"'{name}'" for name in readers)
            run(self.connection, f"""
                insert into {noted} (model, relation, key)
                select built.model, '{_name(table)}', changed.key
                from {changed} as changed cross join {self._relation(KEYED_BUILD)} as built
                where built.model in ({names}) and not exists (
                    select 1 from {noted} as noted
                    where noted.model = built.model and noted.relation = '{_name(table)}' and noted.key = changed.key
                )
            """)

    def _compare(self, known: str, now: str) -> str:
        """A temporary table of the keys that two tables of fingerprints do not have in common."""
        return self._make("changed", f"""
            select coalesce(known.key, now.key) as key
            from {known} as known full join {now} as now on known.key = now.key
            where known.fingerprint is null or now.fingerprint is null or known.fingerprint <> now.fingerprint
        """)

    def _fingerprints(self, table: Table, column: str) -> str:
        return fingerprints(self.connection, self.schemas.relation(*table), column)

    def _readers(self, table: Table, column: str) -> list[str]:
        return [name for name, by in self.project.readers.get(table, ()) if by == column]

    def _pending(self, model: Model, tables: Iterable[Table]) -> str:
        names = ", ".join(f"'{_name(table)}'" for table in tables) or "null"
        return f"select key from {self._relation(CHANGED_KEY)} where model = '{model.name}' and relation in ({names})"

    def _write_sources(self, relation: str, column: str, rows: str) -> None:
        run(self.connection, f"insert into {self._relation(SOURCE_KEY)} (relation, key_column, key, fingerprint) "
                             f"select '{relation}', '{column}', key, fingerprint from {rows}")  # fmt: skip

    def _noted(self, relation: str, column: str) -> str | None:
        of = NOTED_CONTENT.c
        return self.connection.scalar(
            sa.select(of.content).where(of.relation == relation, of.key_column == column)
        )

    def _note(self, relation: str, column: str, content: str) -> None:
        of = NOTED_CONTENT.c
        self.connection.execute(sa.delete(NOTED_CONTENT).where(of.relation == relation, of.key_column == column))
        self.connection.execute(
            sa.insert(NOTED_CONTENT), [{"relation": relation, "key_column": column, "content": content}]
        )

    def _noted_tables(self) -> set[Table]:
        """Tables of models that hold what they held when changes were noted last."""
        of = NOTED_CONTENT.c
        rows = self.connection.execute(sa.select(of.relation, of.content).where(of.key_column == OF_A_MODEL))
        noted = {(relation, content) for relation, content in rows}
        built = self.connection.execute(sa.select(MODEL_BUILD.c.model, MODEL_BUILD.c.content)).all()
        tables = {name: (model.schema, name) for name, model in self.project.models.items()}
        return {tables[name] for name, content in built if name in tables and (_name(tables[name]), content) in noted}

    def _built(self, table: Table) -> str | None:
        return self.connection.scalar(sa.select(MODEL_BUILD.c.content).where(MODEL_BUILD.c.model == table[1]))

    def _relation(self, table: sa.Table) -> str:
        return self.schemas.relation(OPS, str(table.name))

    def _make(self, name: str, select: str) -> str:
        """A temporary table; its name."""
        make_temporary(self.connection, name, select)
        return name

    def _drop(self, *names: str) -> None:
        for name in names:
            run(self.connection, f"drop table {name}")

    def _count(self, relation: str, what: str = "*") -> int:
        return int(str(run(self.connection, f"select count({what}) from {relation}").scalar_one()))


def make_temporary(connection: sa.Connection, name: str, select: str) -> None:
    """A table for the transaction at most, made anew if something is left of that name."""
    run(connection, f"drop table if exists {TEMPORARY[connection.dialect.name]}.{name}")
    run(connection, f"create temporary table {name} as {select}")
    if connection.dialect.name == "postgresql":
        run(connection, f"analyze {name}")


TEMPORARY = {"duckdb": '"temp"', "postgresql": '"pg_temp"'}
"""Schema of temporary tables, by engine."""


def _name(table: Table) -> str:
    return ".".join(table)


def _is_model(table: Table, model: Model) -> bool:
    return table not in model.declared.sources


def _instant(moment: datetime) -> str:
    return f"timestamptz '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"
