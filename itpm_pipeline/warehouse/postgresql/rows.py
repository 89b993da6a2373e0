"""Rows in bulk between Arrow and PostgreSQL: COPY of CSV in, typed columns out."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from itpm_pipeline.warehouse.postgresql.tables import BYTES, quoted

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SQL_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), f'text COLLATE "{BYTES}"'),
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_decimal, "numeric(18, 2)"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamp with time zone"),
)
_ARROW_TYPES = {
    "bool": pa.bool_(), "int2": pa.int64(), "int4": pa.int64(), "int8": pa.int64(), "float4": pa.float64(),
    "float8": pa.float64(), "text": pa.string(), "varchar": pa.string(), "bpchar": pa.string(), "name": pa.string(),
    "date": pa.date32(), "timestamptz": pa.timestamp("us", tz="UTC"), "timestamp": pa.timestamp("us"),
    "time": pa.time64("us"), "interval": pa.duration("us"),
}  # fmt: skip
"""By PostgreSQL's name of a type; numeric is decided by its values, all else is told as text."""


def sql_type(kind: pa.DataType) -> str | None:
    """The column type for Arrow's; None if there is none."""
    return next((name for matches, name in _SQL_TYPES if matches(kind)), None)


def copy_in(connection: "psycopg.Connection[Any]", relation: str, data: pa.Table) -> None:
    """Append rows to a table whose columns are named like those of ``data``.

    PostgreSQL's text cannot hold the character NUL; the replacement character U+FFFD stands in for it.
    """
    columns = ", ".join(quoted(name) for name in data.column_names)
    text = io.BytesIO()
    # Strings are all quoted, nulls are not: so an empty string and a null stay apart.
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    # Where a chunk is empty, Arrow (26) writes pages of zeros.
    pyarrow.csv.write_csv(_without_nul(data).combine_chunks(), text, options)
    with connection.cursor() as cursor, cursor.copy(f"COPY {relation} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(text.getbuffer())


def _without_nul(data: pa.Table) -> pa.Table:
    for place, field in enumerate(data.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = data.column(place)
            if pc.any(pc.match_substring(column, "\0")).as_py():
                data = data.set_column(place, field, pc.replace_substring(column, "\0", _REPLACEMENT))
    return data


def to_arrow(cursor: "psycopg.Cursor[tuple[Any, ...]]") -> pa.Table:
    """All rows of a result; no columns when the statement gives none."""
    if cursor.description is None:
        return pa.table({})
    rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * len(cursor.description)
    types = psycopg.adapters.types
    arrays = []
    for column, values in zip(cursor.description, columns, strict=True):
        known = types.get(column.type_code)
        # What is known of an array is its element.
        arrays.append(_array(known.name if known and known.oid == column.type_code else "", values))
    return pa.Table.from_arrays(arrays, names=[column.name for column in cursor.description])


def _array(kind: str, values: tuple[Any, ...]) -> pa.Array:
    if kind in _ARROW_TYPES:
        return pa.array(values, _ARROW_TYPES[kind])
    if kind == "numeric":
        return _decimals(values)
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _decimals(values: tuple[Decimal | None, ...]) -> pa.Array:
    """Exact where Arrow has room for the digits (76), else as floating point."""
    if all(value is None for value in values):
        return pa.array(values, pa.decimal128(38, 0))
    try:
        return pa.array(values)
    except pa.ArrowInvalid:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
