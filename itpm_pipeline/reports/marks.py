"""Draws the marks of a chart into its frame."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from itpm_pipeline.reports.chart import Band, Bars, Dots, Line, Mark, Rule, Y
from itpm_pipeline.reports.scales import Scale, number, short

BAR_SHARE = 0.72
"""Part of a category's room that its bars take."""
WIDEST_BAR = 46.0


def draw(root: ET.Element, mark: Mark, across: Scale, up: Scale) -> None:
    """Draw a mark that needs no other; bars go together through :func:`bars`."""
    if isinstance(mark, Line):
        for run in _runs([(across(number(x)), y) for x, y in mark.points]):
            _path(root, _steps(run) if mark.is_step else run, up, mark)
        if mark.has_dots:
            _dots(root, Dots("", mark.colour, mark.points), across, up, radius=3.0)
    elif isinstance(mark, Band):
        _band(root, mark, across, up)
    elif isinstance(mark, Dots):
        _dots(root, mark, across, up, radius=3.5)
    elif isinstance(mark, Rule):
        _rule(root, mark, across, up)


def bars(root: ET.Element, marks: Sequence[Bars], categories: Sequence[str], across: Scale, up: Scale) -> None:
    """All bars of a chart: stacks side by side in each category's room."""
    stacks = list(dict.fromkeys(mark.stack or mark.name for mark in marks))
    room = across(1) - across(0)
    wide = min(room * BAR_SHARE / len(stacks), WIDEST_BAR)
    for place in range(len(categories)):
        ends: dict[tuple[str, bool], float] = {}
        for mark in marks:
            stack = mark.stack or mark.name
            value = mark.values[place]
            if not value:
                continue
            begin = ends.get((stack, value < 0), 0.0)
            ends[stack, value < 0] = begin + value
            low, high = sorted((up(begin), up(begin + value)))
            x = across(place) + (stacks.index(stack) - len(stacks) / 2) * wide
            bar = ET.SubElement(root, "rect", {
                "x": f"{x + 0.5:.1f}", "y": f"{low:.1f}", "width": f"{max(wide - 1, 1):.1f}",
                "height": f"{max(high - low, 0.5):.1f}", "fill": mark.colour,
            })  # fmt: skip
            ET.SubElement(bar, "title").text = f"{categories[place]}: {mark.name} {short(value)}"


def sample(root: ET.Element, mark: Mark, x: float, y: float) -> None:
    """What the mark looks like, for the legend; 14 pixels wide, around ``y``."""
    if isinstance(mark, Line):
        line(root, x, y, x + 14, y, stroke=mark.colour, width="2", dash="4 3" if mark.is_dashed else "")
    elif isinstance(mark, Dots):
        _circle(root, x + 7, y, 3.5, mark.colour)
    else:
        opacity = f"{max(mark.opacity, 0.25):g}" if isinstance(mark, Band) else "1"
        ET.SubElement(root, "rect", {
            "x": f"{x:.1f}", "y": f"{y - 5:.1f}", "width": "14", "height": "10", "fill": mark.colour,
            "fill-opacity": opacity,
        })  # fmt: skip


def line(
    root: ET.Element, x1: float, y1: float, x2: float, y2: float, *, stroke: str, width: str = "1", dash: str = ""
) -> None:
    """A straight line."""
    ET.SubElement(root, "line", {
        "x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}", "stroke": stroke,
        "stroke-width": width, **({"stroke-dasharray": dash} if dash else {}),
    })  # fmt: skip


def _path(root: ET.Element, run: Sequence[tuple[float, float]], up: Scale, mark: Line) -> None:
    if len(run) == 1:
        _circle(root, run[0][0], up(run[0][1]), 2.5, mark.colour)
        return
    ET.SubElement(root, "polyline", {
        "points": " ".join(f"{x:.1f},{up(y):.1f}" for x, y in run), "fill": "none", "stroke": mark.colour,
        "stroke-width": "2", "stroke-linejoin": "round", **({"stroke-dasharray": "5 4"} if mark.is_dashed else {}),
    })  # fmt: skip


def _band(root: ET.Element, mark: Band, across: Scale, up: Scale) -> None:
    placed = [(across(number(x)), low, high) for x, low, high in mark.points]
    for lower, upper in zip(
        _runs([(x, low if high is not None else None) for x, low, high in placed]),
        _runs([(x, high if low is not None else None) for x, low, high in placed]),
        strict=True,
    ):
        over, under = (_steps(upper), _steps(lower)) if mark.is_step else (upper, lower)
        if len(over) == 1:  # one value is a short bar, not an area
            (x, low), (_, high) = under[0], over[0]
            over, under = [(x - 6, high), (x + 6, high)], [(x - 6, low), (x + 6, low)]
        corners = [*over, *reversed(under)]
        ET.SubElement(root, "polygon", {
            "points": " ".join(f"{x:.1f},{up(y):.1f}" for x, y in corners), "fill": mark.colour,
            "fill-opacity": f"{mark.opacity:g}",
        })  # fmt: skip


def _dots(root: ET.Element, mark: Dots, across: Scale, up: Scale, *, radius: float) -> None:
    for place, (x, y) in enumerate(mark.points):
        if y is not None:
            dot = _circle(root, across(number(x)), up(y), radius, mark.colour)
            if place < len(mark.labels):
                ET.SubElement(dot, "title").text = mark.labels[place]


def _rule(root: ET.Element, mark: Rule, across: Scale, up: Scale) -> None:
    if mark.is_vertical:
        x = across(number(mark.at))
        line(root, x, up.start, x, up.end, stroke=mark.colour, dash="3 3")
        anchor = "end" if x > (across.start + across.end) / 2 else "start"
        place = {"x": f"{x:.1f}", "y": f"{up.end - 4:.1f}", "text-anchor": anchor}
    else:
        y = up(number(mark.at))
        line(root, across.start, y, across.end, y, stroke=mark.colour, dash="3 3")
        place = {"x": f"{across.end:.1f}", "y": f"{y - 4:.1f}", "text-anchor": "end"}
    ET.SubElement(root, "text", {**place, "fill": mark.colour, "font-size": "11"}).text = mark.name


def _circle(root: ET.Element, x: float, y: float, radius: float, colour: str) -> ET.Element:
    return ET.SubElement(
        root, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{radius:g}", "fill": colour, "fill-opacity": "0.85"}
    )


def _runs(points: Sequence[tuple[float, Y]]) -> Iterator[list[tuple[float, float]]]:
    """Stretches without a gap."""
    run: list[tuple[float, float]] = []
    for x, y in points:
        if y is not None:
            run.append((x, y))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _steps(run: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Corners of a line that keeps each value until the next point."""
    corners = list(run[:1])
    for x, y in run[1:]:
        corners += [(x, corners[-1][1]), (x, y)]
    return corners
