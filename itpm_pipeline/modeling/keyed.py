"""Builds a model for some of its keys: what it reads is cut down to these, and their rows take the place of the old."""
# ruff: noqa: S608 - statements are put together from our own quoted names, never from data

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from itpm_pipeline.modeling.content import Content, content_of
from itpm_pipeline.modeling.dialects import for_engine
from itpm_pipeline.modeling.execution import run
from itpm_pipeline.modeling.journal import FEW, TEMPORARY, TOO_MANY, Journal, make_temporary
from itpm_pipeline.modeling.project import Model
from itpm_pipeline.modeling.render import render
from itpm_pipeline.modeling.separable import Table, inputs_of

KEYS = "keys_to_build"
"""Temporary table with the keys."""
MADE, REMOVED = "rows_made", "rows_removed"


@dataclass(frozen=True, slots=True)
class BroughtUp:
    """What a table holds now, how many of its keys there are, and for how many rows were built."""

    content: Content
    keys: int
    built: int


def bring_up_to_date(journal: Journal, model: Model, before: Content, as_of: datetime) -> BroughtUp | None:
    """Build what changed for a separable model whose frame is as it was; ``before``: what its table holds.

    None, with nothing done, if it has to be built as a whole: not all changes are known, or there are too many.
    """
    concerned = journal.keys_of(model, as_of, KEYS)
    if concerned is None:
        return None
    found = _build_keys(journal, model, before) if concerned else (before, journal.key_count(model))
    run(journal.connection, f"drop table {KEYS}")
    if found is None:
        return None
    content, keys = found
    journal.built(model, as_of, keys)
    return BroughtUp(content, keys, concerned)


def _build_keys(journal: Journal, model: Model, before: Content) -> tuple[Content, int] | None:
    """Replace the rows of the keys in :data:`KEYS`; what the table holds then, and its number of keys."""
    connection, relation = journal.connection, journal.schemas.relation(model.schema, model.name)
    assert model.separable is not None
    by = model.separable.by
    with _cut_down(journal, model) as instead:
        if instead is None:
            return None
        select = render(model, journal.project, replace(journal.schemas, instead=instead))
        make_temporary(connection, MADE, for_engine(select, connection))
    make_temporary(connection, REMOVED, f'select * from {relation} where "{by}" in (select key from {KEYS})')
    content, keys = before, journal.key_count(model)
    removed, made = content_of(connection, REMOVED), content_of(connection, MADE)
    if removed != made:
        for column in journal.watched_columns((model.schema, model.name)):
            journal.differences((model.schema, model.name), column, REMOVED, MADE)
        content = before.without(removed).plus(made)
        keys += count_of(connection, MADE, by) - count_of(connection, REMOVED, by)
        run(connection, f'delete from {relation} where "{by}" in (select key from {KEYS})')
        run(connection, f"insert into {relation} select * from {MADE}")
    for name in (MADE, REMOVED):
        run(connection, f"drop table {name}")
    if journal.watched_columns((model.schema, model.name)):
        journal.settle((model.schema, model.name), content)
    return content, keys


@contextmanager
def _cut_down(journal: Journal, model: Model) -> Iterator[dict[Table, str] | None]:
    """Temporary tables with the rows of the keys, named like what they are cut from; None where that is too much."""
    connection, made, cut, whole = journal.connection, {}, 0, 0
    for table, column in inputs_of(model, journal.project.models).keyed.items():
        relation = journal.schemas.relation(*table)
        make_temporary(connection, table[1], f'select * from {relation} where "{column}" in (select key from {KEYS})')
        made[table] = f'{TEMPORARY[connection.dialect.name]}."{table[1]}"'
        cut += _rows(connection, made[table])
        whole += _rows(connection, relation)
    yield made if cut <= max(FEW, TOO_MANY * whole) else None
    for name in made.values():
        run(connection, f"drop table {name}")


def _rows(connection: sa.Connection, relation: str) -> int:
    return int(str(run(connection, f"select count(*) from {relation}").scalar_one()))


def count_of(connection: sa.Connection, relation: str, column: str) -> int:
    """How many values a column has."""
    return int(str(run(connection, f'select count(distinct "{column}") from {relation}').scalar_one()))
