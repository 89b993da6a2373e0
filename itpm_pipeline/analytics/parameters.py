"""The settings of a build, as Python models read them from ``ops.build_parameter`` and ``ops.setting_value``."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from itpm_pipeline.analytics.columns import COUNT, INSTANT, TEXT, Relation, read


@dataclass(frozen=True)
class Parameters:
    """``as_of``: the instant everything is computed for. ``settings``: values by dotted path, lists in their order."""

    as_of: datetime
    min_sample: int
    settings: dict[str, tuple[str, ...]]

    def text(self, path: str) -> str:
        """A setting with one value, such as ``dependency.default_duration_days``."""
        (value,) = self.settings[path]
        return value

    def number(self, path: str) -> float:
        """The same as a number."""
        return float(self.text(path))

    def whole(self, path: str) -> int:
        """The same as an integer."""
        return int(self.text(path))

    def date_in(self, timezone: str) -> date:
        """The local day of ``as_of``."""
        return self.as_of.astimezone(ZoneInfo(timezone)).date()


def parameters(build_parameter: Relation, setting_value: Relation) -> Parameters:
    """Read both tables."""
    (row,) = read(build_parameter, {"as_of": INSTANT, "min_sample": COUNT}).to_pylist()
    schema = {"setting": TEXT, "ordinal": COUNT, "value": TEXT}
    listed: defaultdict[str, list[str]] = defaultdict(list)
    one: dict[str, Any]
    for one in read(setting_value, schema, ("setting", "ordinal")).to_pylist():
        listed[one["setting"]].append(one["value"])
    return Parameters(row["as_of"], row["min_sample"], {name: tuple(values) for name, values in listed.items()})
