"""Which fields of an issue a request asks for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_NOT_NAVIGABLE = frozenset({"comment", "worklog", "attachment", "timetracking", "issuerestriction"})


@dataclass(frozen=True, slots=True)
class Selection:
    """Which fields of an issue to show, and whether with its changelog."""

    named: frozenset[str]
    excluded: frozenset[str]
    every: bool
    navigable: bool
    changelog: bool = False

    @classmethod
    def of(cls, names: Iterable[str], *, default: str, changelog: bool = False) -> "Selection":
        """From Jira's ``fields`` parameter: field ids, ``*all``, ``*navigable``, ``-field`` to leave one out."""
        wanted = list(names) or [default]
        plain = frozenset(name for name in wanted if not name.startswith(("-", "*")))
        excluded = frozenset(name[1:] for name in wanted if name.startswith("-"))
        only_exclusions = bool(excluded) and not plain and not any(name.startswith("*") for name in wanted)
        return cls(
            named=plain,
            excluded=excluded,
            every="*all" in wanted or (only_exclusions and default == "*all"),
            navigable="*navigable" in wanted or (only_exclusions and default != "*all"),
            changelog=changelog,
        )

    @property
    def is_id_only(self) -> bool:
        """Only ids are asked for, the default of a search: then Jira shows nothing else."""
        return self.named == {"id"} and not (self.every or self.navigable or self.changelog)

    @property
    def is_light(self) -> bool:
        """Only ids and keys are asked for: such pages may hold up to 5,000 issues."""
        return bool(self.named) and self.named <= {"id", "key"} and not (self.every or self.navigable or self.changelog)

    def of_fields(self, values: dict[str, Any]) -> dict[str, Any]:
        """The selected ones among all fields of an issue."""
        if self.every and not self.excluded:
            return values
        if not (self.every or self.navigable or self.excluded):
            return {name: value for name, value in values.items() if name in self.named}
        return {name: value for name, value in values.items() if self._shows(name)}

    def _shows(self, name: str) -> bool:
        if name in self.excluded:
            return False
        return name in self.named or self.every or (self.navigable and name not in _NOT_NAVIGABLE)
