"""How tables are declared: a column a line, with its type and its description."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "bool": sa.Boolean(),
    "int": sa.BigInteger(),
    "double": sa.Double(),
    "date": sa.Date(),
    "instant": sa.DateTime(timezone=True),
    "money": sa.Numeric(18, 2),
}


def declare(
    metadata: sa.MetaData,
    name: str,
    grain: str,
    key: str,
    columns: str,
    common: Iterable[sa.Column[Any]] = (),
    **info: Any,
) -> sa.Table:
    """A table of ``metadata``.

    ``columns``: one a line, ``name type | description``; ``key``: comma-separated columns, which are not null;
    ``common``: columns that follow them. ``info["key"]`` has the key as a tuple, the rest of ``info`` is as given.
    """
    keys = tuple(part.strip() for part in key.split(","))
    declared: list[sa.Column[Any]] = []
    for line in columns.strip().splitlines():
        head, _, description = line.strip().partition("|")
        column, kind = head.split()
        declared.append(sa.Column(column, TYPES[kind], nullable=column not in keys, comment=description.strip()))
    return sa.Table(name, metadata, *declared, *common, comment=grain, info={"key": keys, **info})
