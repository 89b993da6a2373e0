"""Collects the canonical rows that mapping produces."""

from collections import defaultdict
from typing import Any


class MappingError(ValueError):
    """This raw record cannot be mapped; the text says which field and why. The record is quarantined."""


class CanonicalRows:
    """Rows per core table, plus the scopes whose child rows they replace.

    Mapping code calls :meth:`add` for each row and :meth:`replace` for each child table of the record it maps, so
    that children which vanished from the source vanish from the warehouse as well (see ``Merge.REPLACE``).
    """

    __slots__ = ("replaced", "tables")

    def __init__(self) -> None:
        self.tables: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.replaced: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, table: str, row: dict[str, Any]) -> None:
        """Append one row; columns that are left out are null. Common columns are stamped by the loader."""
        self.tables[table].append(row)

    def replace(self, table: str, scope: str) -> None:
        """The rows added for ``scope`` (a value of the table's ``replace_by`` column) are all there are now."""
        self.replaced[table].append(scope)

    def extend(self, other: "CanonicalRows") -> None:
        """Append all of ``other``: a record is mapped aside first, so that a rejected one leaves nothing behind."""
        for table, rows in other.tables.items():
            self.tables[table].extend(rows)
        for table, scopes in other.replaced.items():
            self.replaced[table].extend(scopes)
