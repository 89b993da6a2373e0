"""Tables as models hand them over, in the types that the functions here rely on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

TEXT, FLAG, COUNT, NUMBER, DAY, INSTANT = (
    pa.string(), pa.bool_(), pa.int64(), pa.float64(), pa.date32(), pa.timestamp("us", tz="UTC"),
)  # fmt: skip
Schema = Mapping[str, pa.DataType]
"""Columns by name, in order."""


class Relation(Protocol):
    """A table of the warehouse, as dbt and our own runner give it to a Python model."""

    def arrow(self) -> Any:
        """All rows as an Arrow table, or a reader of one."""


def read(relation: Relation, schema: Schema, order_by: Sequence[str] = ()) -> pa.Table:
    """These columns of a table in these types, sorted: engines return rows in any order, and we must not depend on it.

    An engine that has no rows to guess from may give any type; it is cast.
    """
    found = relation.arrow()
    table = found if isinstance(found, pa.Table) else found.read_all()
    columns = [table.column(name).cast(kind) for name, kind in schema.items()]
    picked = pa.table(columns, schema=pa.schema(list(schema.items())))
    return picked.sort_by([(name, "ascending") for name in order_by]) if order_by else picked


def write(schema: Schema, columns: Mapping[str, Iterable[Any]]) -> pa.Table:
    """A table from columns; lists and arrays alike. Every column of the schema must be there, and no other."""
    if columns.keys() != schema.keys():
        raise ValueError(f"columns {sorted(columns.keys() ^ schema.keys())} are in one of table and schema only")
    return pa.table({name: pa.array(columns[name], type=kind) for name, kind in schema.items()})
