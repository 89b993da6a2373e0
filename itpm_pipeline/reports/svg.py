"""Draws a chart as a self-contained SVG picture. The same chart gives the same text, byte by byte."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from math import cos, radians, sin
from xml.etree import ElementTree as ET

from itpm_pipeline.reports import marks
from itpm_pipeline.reports.chart import Band, Bars, Chart, Dots, Line, Mark, Rule
from itpm_pipeline.reports.scales import Scale, Tick, category_scale, number, number_scale, time_scale

WIDTH, HEIGHT = 760, 380
NARROW = 380
"""Width for a phone, where letters keep their size: a wide picture would shrink until nobody can read it."""
MARGIN, GAP = 16.0, 14.0
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
INK, FAINT, PAPER = "#1b1f24", "#6a737d", "#ffffff"
GRID = "#e4e8ec"
LETTER = 6.4
"""Width of a letter of 12 pixels height: text cannot be measured without a browser, so a little more is allowed for."""
LONGEST_LABEL = 20
WIDE_TITLE, WIDE_SUBTITLE, WIDE_NOTE = 84, 112, 118
"""Letters that a line takes in a wide picture."""
ROOM_OF_A_TICK = 80
"""Pixels along x."""
SLANT = 34
"""Degrees by which labels slant that would not fit side by side."""
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold, not even escaped."""


def render_svg(chart: Chart, width: int = WIDTH) -> str:
    """The picture as text. All texts are escaped: names come from trackers."""
    root = ET.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {HEIGHT}", "width": str(width),
        "height": str(HEIGHT), "role": "img", "font-family": FONT, "font-size": "12",
    })  # fmt: skip
    ET.SubElement(root, "title").text = chart.title
    ET.SubElement(root, "rect", {"width": str(width), "height": str(HEIGHT), "fill": PAPER})
    top = _heading(root, chart, width)
    note = _lines(chart.note, width, WIDE_NOTE)
    below = 20.0 + 14 * len(note) if note else MARGIN
    bottom = HEIGHT - below
    for number_of, words in enumerate(reversed(note)):
        _text(root, MARGIN, HEIGHT - 12 - 14 * number_of, words, fill=FAINT, size="11")
    rules = [mark for mark in chart.marks if isinstance(mark, Rule) and mark.is_vertical]
    heights = number_scale(_heights(chart.marks), 0, 0, share=chart.y_is_share)
    left = MARGIN + 22 + max((len(tick.label) for tick in heights.ticks), default=1) * LETTER
    right = width - MARGIN - (4 if chart.categories else 20)
    across = _across(chart, left, right)
    room = (right - left) / max(1, len(across.ticks))
    shown, is_slanted = _labels(across.ticks, room)
    if is_slanted:  # The first one ends below its place and begins to the left of it, inside the picture.
        fitting = int((across(shown[0].value) - 4) / (LETTER * cos(radians(SLANT))))
        shown = [Tick(tick.value, _shorten(tick.label, fitting)) for tick in shown]
    longest = max((len(tick.label) for tick in shown), default=0)
    bottom -= (18.0 + longest * LETTER * sin(radians(SLANT))) if is_slanted else 20.0
    bottom -= 16.0 if chart.x_name else 0.0
    top += 12.0 if rules else 0.0
    up = Scale(heights.low, heights.high, bottom, top, heights.ticks)
    _frame(root, chart, across, up, (left, right, top, bottom))
    if chart.x_name:
        _text(root, (left + right) / 2, HEIGHT - below, chart.x_name, anchor="middle", fill=FAINT)
    _x_labels(root, shown, across, bottom, is_slanted=is_slanted)
    for mark in sorted(chart.marks, key=lambda one: LAYERS.index(type(one))):
        if not isinstance(mark, Bars):
            marks.draw(root, mark, across, up)
        elif mark is next(one for one in chart.marks if isinstance(one, Bars)):
            marks.bars(root, [one for one in chart.marks if isinstance(one, Bars)], chart.categories, across, up)
    return NOT_XML.sub("", ET.tostring(root, encoding="unicode"))


LAYERS: Sequence[type[Mark]] = (Band, Bars, Rule, Line, Dots)
"""What is drawn first lies below."""


def _heading(root: ET.Element, chart: Chart, width: int) -> float:
    """Title, subtitle, legend; returns where the picture may begin."""
    below = 6.0
    for words in _lines(chart.title, width, WIDE_TITLE):
        below += 18
        _text(root, MARGIN, below, words, weight="600", size="15")
    for words in _lines(chart.subtitle, width, WIDE_SUBTITLE):
        below += 18
        _text(root, MARGIN, below, words, fill=FAINT)
    x, below = MARGIN, below + 20
    named = [mark for mark in chart.marks if mark.name and not isinstance(mark, Rule)]
    for mark in named:
        wide = 22 + len(mark.name) * LETTER + GAP
        if x + wide > width - MARGIN and x > MARGIN:
            x, below = MARGIN, below + 18
        marks.sample(root, mark, x, below - 4)
        _text(root, x + 20, below, mark.name)
        x += wide
    return below + (14 if named else 0)


def _lines(text: str, width: int, letters: int) -> list[str]:
    """A text in one line of so many letters, or in two where the picture is narrower; what is too long is cut."""
    fitting = letters * width // WIDTH
    lines = textwrap.wrap(text, fitting) if width < WIDTH else [text]
    return [_cut(words, fitting) for words in (*lines[:1], " ".join(lines[1:])) if words]


def _heights(found: Iterable[Mark]) -> list[float]:
    """All values along y, stacks summed."""
    values: list[float] = []
    sums: dict[tuple[str, int, bool], float] = {}
    for number_of, mark in enumerate(found):
        if isinstance(mark, Bars):
            for place, value in enumerate(mark.values):
                key = (mark.stack or str(number_of), place, (value or 0) < 0)
                sums[key] = sums.get(key, 0.0) + (value or 0)
        elif isinstance(mark, Band):
            values += [value for _, *both in mark.points for value in both if value is not None]
        elif isinstance(mark, Rule):
            values += [] if mark.is_vertical else [number(mark.at)]
        else:
            values += [value for _, value in mark.points if value is not None]
    return [*values, *sums.values()]


def _across(chart: Chart, left: float, right: float) -> Scale:
    if chart.categories:
        return category_scale([_shorten(name, LONGEST_LABEL) for name in chart.categories], left, right)
    told = [point[0] for mark in chart.marks if isinstance(mark, Line | Band | Dots) for point in mark.points]
    told += [mark.at for mark in chart.marks if isinstance(mark, Rule) and mark.is_vertical]
    values = [number(one) for one in told] or [0.0]
    ticks = int((right - left) // ROOM_OF_A_TICK)
    if all(isinstance(one, int | float) for one in told):
        return number_scale(values, left, right, ticks=ticks)
    return time_scale(values, left, right, ticks=ticks)


def _labels(ticks: Sequence[Tick], room: float) -> tuple[Sequence[Tick], bool]:
    """Those labels that fit, and whether they have to slant."""
    longest = max((len(tick.label) for tick in ticks), default=0) * LETTER
    if longest + 8 <= room:
        return ticks, False
    if room >= 16:
        return ticks, True
    every = int(16 // room) + 1
    return ticks[(len(ticks) - 1) % every :: every], True


def _frame(
    root: ET.Element, chart: Chart, across: Scale, up: Scale, edges: tuple[float, float, float, float]
) -> None:
    left, right, top, bottom = edges
    for tick in up.ticks:
        y = up(tick.value)
        is_zero = abs(tick.value) < 1e-9
        marks.line(root, left, y, right, y, stroke="#8b949e" if is_zero else GRID)
        _text(root, left - 6, y + 4, tick.label, anchor="end", fill=FAINT)
    if not chart.categories:
        for tick in across.ticks:
            marks.line(root, across(tick.value), bottom, across(tick.value), bottom + 4, stroke="#8b949e")
    middle = (top + bottom) / 2
    _text(root, MARGIN, middle, chart.y_name, anchor="middle", fill=FAINT, turned=(-90, MARGIN, middle))


def _x_labels(root: ET.Element, shown: Sequence[Tick], across: Scale, bottom: float, *, is_slanted: bool) -> None:
    for tick in shown:
        x = across(tick.value)
        if is_slanted:
            _text(root, x + 4, bottom + 14, tick.label, anchor="end", fill=FAINT, turned=(-SLANT, x + 4, bottom + 14))
        else:
            _text(root, x, bottom + 17, tick.label, anchor="middle", fill=FAINT)


def _text(
    root: ET.Element, x: float, y: float, text: str, *, anchor: str = "start", fill: str = INK, weight: str = "400",
    size: str = "12", turned: tuple[float, float, float] | None = None,
) -> None:  # fmt: skip
    attributes = {
        "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "fill": fill, "font-weight": weight, "font-size": size,
    }  # fmt: skip
    if turned is not None:
        angle, around_x, around_y = turned
        attributes["transform"] = f"rotate({angle:g} {around_x:.1f} {around_y:.1f})"
    ET.SubElement(root, "text", attributes).text = text


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _shorten(text: str, longest: int) -> str:
    """Names of sprints differ at their ends: cut the middle."""
    if len(text) <= longest:
        return text
    return f"{text[: (longest - 1) // 2].rstrip()}…{text[-(longest // 2) :].lstrip()}"
