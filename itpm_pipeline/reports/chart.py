"""What a chart shows, without how it is drawn: axes, series and notes as plain values.

A chart is a frame (:class:`Chart`) with marks in it. Positions along x are numbers, instants or dates, or, on an axis
of categories, the position of the category from 0. Along y they are numbers. None leaves a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

X = float | datetime | date
Y = float | None


class Colour:
    """Colours by meaning, the same in every chart; told apart without red and green (Okabe and Ito)."""

    PLANNED = "#9aa7b4"
    DONE = "#0072b2"
    TREND = "#1b1f24"
    ADDED = "#e69f00"
    REMOVED = "#cc79a7"
    CHANGED = "#56b4e9"
    GOOD = "#009e73"
    WARNING = "#d55e00"
    MUTED = "#c9d1d9"
    SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a6d1f", "#5b6770")


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar per category. Bars of the same ``stack`` stand on each other (negative ones below zero)."""

    name: str
    colour: str
    values: Sequence[Y]
    stack: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Values joined by a line: straight from point to point, or in steps that hold until the next point."""

    name: str
    colour: str
    points: Sequence[tuple[X, Y]]
    is_step: bool = False
    is_dashed: bool = False
    has_dots: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """The area between a lower and an upper value; from zero upward it is the layer of a stack."""

    name: str
    colour: str
    points: Sequence[tuple[X, Y, Y]]
    is_step: bool = False
    opacity: float = 0.16


@dataclass(frozen=True, slots=True)
class Dots:
    """Single points. ``labels``: a text per point, shown when a reader points at it."""

    name: str
    colour: str
    points: Sequence[tuple[X, Y]]
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line across the chart at one value of x (``is_vertical``) or y, with its name beside it."""

    name: str
    colour: str
    at: X
    is_vertical: bool = False


Mark = Bars | Line | Band | Dots | Rule


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture. ``categories``: names along x; empty = x is a number or a time, as its marks say.

    ``note`` stands below the picture: what a reader must know to read it right. ``subtitle`` tells the unit or period.
    """

    title: str
    y_name: str
    marks: Sequence[Mark]
    subtitle: str = ""
    x_name: str = ""
    categories: Sequence[str] = field(default=())
    note: str = ""
    y_is_share: bool = False
