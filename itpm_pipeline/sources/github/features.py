"""Which optional parts of GitHub's schema this server has: Enterprise Servers trail github.com by a year or more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROBED_TYPES = (
    "Issue",
    "IssueDependenciesSummary",
    "IssueTimelineItemsItemType",
    "Organization",
    "ProjectV2",
    "ProjectV2ItemIssueFieldValue",
)

FEATURE_QUERY = (
    "query Features {"
    + "".join(
        f' t{position}: __type(name: "{name}") {{ name fields {{ name args {{ name }} }} enumValues {{ name }} }}'
        for position, name in enumerate(PROBED_TYPES)
    )
    + " }"
)
"""Introspection of the probed types alone; the whole schema would be megabytes."""


@dataclass(frozen=True, slots=True)
class Features:
    """Names a server knows; ``known`` None: take everything as present.

    ``Issue`` is a type, ``Issue.parent`` a field, ``ProjectV2.items.archivedStates`` an argument and
    ``IssueTimelineItemsItemType.CLOSED_EVENT`` a value of an enumeration.
    """

    known: frozenset[str] | None = None

    def has(self, name: str) -> bool:
        """Whether the server knows the name."""
        return self.known is None or name in self.known

    @classmethod
    def from_introspection(cls, data: Mapping[str, Any]) -> "Features":
        """Read the answer to :data:`FEATURE_QUERY`."""
        names: set[str] = set()
        for described in data.values():
            if not isinstance(described, dict) or "name" not in described:
                continue
            kind = described["name"]
            names.add(kind)
            for field in described.get("fields") or ():
                names.add(f"{kind}.{field['name']}")
                names.update(f"{kind}.{field['name']}.{argument['name']}" for argument in field.get("args") or ())
            names.update(f"{kind}.{value['name']}" for value in described.get("enumValues") or ())
        return cls(frozenset(names))
