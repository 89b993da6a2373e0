"""What a report says, without how it looks: sections of figures, tables and pictures, as plain text values.

Every number names the column it comes from (``source``: model and column), so that a reader can look up what it means.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from itpm_pipeline.reports.drawing import Picture

Row = dict[str, Any]
Source = tuple[str, str]
"""Model and column."""


class Tone:
    """How a value is to be taken; a word beside the colour, for those who do not see it."""

    PLAIN, GOOD, WARNING, BAD = "", "good", "warning", "bad"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its label; ``value`` None: not known."""

    label: str
    value: str | None
    source: Source
    tone: str = Tone.PLAIN
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in a table; ``link``: an address for people."""

    text: str | None
    tone: str = Tone.PLAIN
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; a column without source is a name."""

    title: str
    columns: Sequence[tuple[str, Source | None]]
    rows: Sequence[Sequence[Cell]]
    nothing: str = ""
    """What to say when there are no rows."""
    left_out: int = 0
    """Rows there would be more."""


@dataclass(frozen=True, slots=True)
class Section:
    """One subject; ``lead``: what the figures mean, in a sentence."""

    key: str
    title: str
    lead: str = ""
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = field(default=())


@dataclass(frozen=True, slots=True)
class Report:
    """One program at one instant (UTC)."""

    program_key: str
    name: str
    rag: str
    headline: str
    as_of: datetime
    config_version: str
    sections: Sequence[Section]

    @property
    def sources(self) -> list[Source]:
        """All columns that are shown, once each, in the order of their appearance."""
        found = [
            source
            for section in self.sections
            for source in (
                *(figure.source for figure in section.figures),
                *(source for table in section.tables for _, source in table.columns if source is not None),
            )
        ]
        return list(dict.fromkeys(found))
