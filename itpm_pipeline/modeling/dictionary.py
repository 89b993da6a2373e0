"""The data dictionary: every table of mart, core and ops with its key and columns, as Markdown.

``python -m itpm_pipeline.modeling.dictionary docs/tables.md`` writes the page; without a path it is printed.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from itpm_pipeline.canonical import schema as core
from itpm_pipeline.canonical.declaration import TYPES
from itpm_pipeline.canonical.shape import COMMON
from itpm_pipeline.modeling.project import MART, Model, Project, load_project
from itpm_pipeline.warehouse import ops

_HEAD = """\
# Tables

What there is to query: `itpm sql "select … from mart.mart_program_status"`, or any tool that opens the published
warehouse. The same texts are comments in the database and stand in the Dagster UI. Schema `int` holds the steps between
core and mart; it may change at any time and is not listed here.

- An instant has a time zone and is kept in UTC; columns that end in `_at` are instants, in `_date` or `date` dates, in
  `_s` and `_seconds` whole seconds.
- Identifiers are `{kind}:{tracker}:{native id}` and survive moves and renames; keys such as PAY-12 do not.
- Null is never 0: it means unknown, or none, as the column says.

This page is written by `python -m itpm_pipeline.modeling.dictionary docs/tables.md`.
"""
_WORDS = {id(type_): word for word, type_ in TYPES.items()}


def dictionary(project: Project) -> str:
    """The whole page. Pure: the same project gives the same text."""
    marts = [model for model in project.models.values() if model.schema == MART]
    groups = sorted({model.group for model in marts})
    lines = [_HEAD]
    for group in groups:
        lines.append(f"## mart: {group}\n")
        for model in sorted((one for one in marts if one.group == group), key=lambda one: one.name):
            lines += _model(model)
    lines.append("## core\n\nThe canonical tables all trackers are mapped to. Each has, besides its own columns:\n")
    lines += _rows([(name, kind, text) for name, kind, text in COMMON])
    common = {name for name, _, _ in COMMON}
    for table in _ordered(core.metadata):
        lines += _table(table, common)
    lines.append("## ops\n\nWhat the pipeline remembers of its own work.\n")
    for table in _ordered(ops.metadata):
        lines += _table(table, set())
    return "\n".join(lines).rstrip() + "\n"


def _ordered(metadata: sa.MetaData) -> Sequence[sa.Table]:
    return sorted(metadata.tables.values(), key=lambda table: table.name)


def _model(model: Model) -> Iterator[str]:
    yield from _heading(f"{model.schema}.{model.name}", model.description, model.key)
    yield from _rows([(column.name, column.description) for column in model.columns])


def _table(table: sa.Table, common: set[str]) -> Iterator[str]:
    yield from _heading(f"{table.schema}.{table.name}", table.comment or "", table.info["key"])
    yield from _rows(
        [
            (column.name, _WORDS[id(column.type)], column.comment or "")
            for column in table.columns
            if column.name not in common
        ]
    )


def _heading(name: str, description: str, key: Sequence[str]) -> Iterator[str]:
    yield f"### {name}\n"
    yield " ".join(description.split()) + "\n"
    if key:
        yield f"Key: {', '.join(f'`{column}`' for column in key)}\n"


def _rows(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """A Markdown table: column, type if it is known, meaning."""
    head = ("column", "type", "meaning") if rows and len(rows[0]) == 3 else ("column", "meaning")
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}"
    for name, *rest in rows:
        yield f"| {' | '.join([f'`{name}`', *(_cell(text) for text in rest)])} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main(arguments: Sequence[str]) -> None:
    """Write the page to the path given, or to standard output."""
    page = dictionary(load_project())
    if arguments:
        Path(arguments[0]).write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)


if __name__ == "__main__":
    main(sys.argv[1:])
