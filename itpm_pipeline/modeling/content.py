"""Tells tables, and the rows of a key, apart by what they hold, wherever and whenever it was written."""
# ruff: noqa: S608 - statements are put together from our own quoted names, never from data

from dataclasses import dataclass
from typing import Self

import sqlalchemy as sa

from itpm_pipeline.modeling.execution import run

ROW_HASH = {
    "duckdb": "cast(hash(row_) as hugeint)",
    "postgresql": "cast(hashtextextended(cast(row_ as text), 0) as numeric)",
}
"""Hash of a row ``row_`` as a number that can be summed, by engine."""
ROWS_HASH = {
    "duckdb": "cast(hash(count(*), sum({})) >> 1 as bigint)",
    "postgresql": "hashtextextended(concat(count(*), ':', sum({})), 0)",
}
"""One number for some rows in whatever order, from the hashes of each."""
TOTAL = {"duckdb": "sum(cast({} as hugeint))", "postgresql": "sum(cast({} as numeric))"}


@dataclass(frozen=True, slots=True)
class Content:
    """Number of rows and the sum of their hashes: equal for equal rows, and practically only for these."""

    rows: int
    hashes: int

    def __str__(self) -> str:
        return f"{self.rows}:{self.hashes}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The content that a text tells."""
        rows, _, hashes = text.partition(":")
        return cls(int(rows), int(hashes))

    def without(self, gone: "Content") -> "Content":
        """What is left when these rows go."""
        return Content(self.rows - gone.rows, self.hashes - gone.hashes)

    def plus(self, more: "Content") -> "Content":
        """With these rows besides."""
        return Content(self.rows + more.rows, self.hashes + more.hashes)


def content_of(connection: sa.Connection, relation: str) -> Content:
    """What a table holds; ``relation`` is its quoted name."""
    row_hash = ROW_HASH[connection.dialect.name]
    rows, hashes = run(connection, f"select count(*), sum({row_hash}) from {relation} as row_").one()
    return Content(int(str(rows)), int(str(hashes or 0)))


def fingerprints(connection: sa.Connection, relation: str, column: str) -> str:
    """A query of every value of a column (``key``) with a number for the rows that have it (``fingerprint``)."""
    engine = connection.dialect.name
    number = ROWS_HASH[engine].format(ROW_HASH[engine])
    return (
        f'select row_."{column}" as key, {number} as fingerprint from {relation} as row_ '
        f'where row_."{column}" is not null group by row_."{column}"'
    )


def keys_content(connection: sa.Connection, relation: str) -> Content:
    """What a table of fingerprints holds: its keys, and the sum of their numbers."""
    total = TOTAL[connection.dialect.name].format("fingerprint")
    keys, numbers = run(connection, f"select count(*), {total} from {relation}").one()
    return Content(int(str(keys)), int(str(numbers or 0)))
