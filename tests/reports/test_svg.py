"""Charts as pictures: complete, harmless, the same every time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from itpm_pipeline.reports.chart import Band, Bars, Chart, Colour, Dots, Line, Rule
from itpm_pipeline.reports.scales import number_scale, time_scale
from itpm_pipeline.reports.svg import HEIGHT, NARROW, WIDTH, render_svg

SVG = "{http://www.w3.org/2000/svg}"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOSTILE = '</text><script>alert(1)</script><image href="http://evil.example/x"/>&\x00\x1b "\'](javascript:x)'

BARS = Chart(
    title="Velocity", subtitle="points", y_name="points", categories=[f"Sprint {number}" for number in range(12)],
    marks=[
        Band("range", Colour.DONE, [(n, 10, 30 + n) if n > 4 else (n, None, None) for n in range(12)]),
        Bars("committed", Colour.PLANNED, [20, None, *[25] * 10]),
        Bars("added", Colour.ADDED, [5] * 12, stack="scope"),
        Bars("removed", Colour.REMOVED, [-8] * 12, stack="scope"),
        Line("mean", Colour.TREND, [(0, 1), (1, None), (2, 3), (3, 4)], has_dots=True),
    ],
    note="A note.",
)  # fmt: skip
STEPS = Chart(
    title="Burn-up", y_name="points", x_name="day",
    marks=[
        Line("scope", Colour.ADDED, [(START, 5), (START + timedelta(days=3), 8)], is_step=True),
        Dots("finished", Colour.DONE, [(START + timedelta(days=1), 2.5)], labels=["PAY-1"]),
        Rule("planned end", Colour.WARNING, START + timedelta(days=14), is_vertical=True),
        Rule("85 %", Colour.MUTED, 7),
    ],
)  # fmt: skip


def parsed(chart: Chart, width: int = WIDTH) -> ET.Element:
    return ET.fromstring(render_svg(chart, width))


def numbers_of(element: ET.Element) -> list[tuple[float, float]]:
    """Corners of what is drawn."""
    if element.tag == f"{SVG}rect":
        x, y = float(element.get("x", 0)), float(element.get("y", 0))
        return [(x, y), (x + float(element.get("width", 0)), y + float(element.get("height", 0)))]
    if element.tag == f"{SVG}line":
        return [(float(element.get(f"x{end}", 0)), float(element.get(f"y{end}", 0))) for end in (1, 2)]
    if element.tag in (f"{SVG}polyline", f"{SVG}polygon"):
        return [tuple(map(float, pair.split(","))) for pair in element.get("points", "").split()]  # type: ignore[misc]
    if element.tag == f"{SVG}circle":
        return [(float(element.get("cx", 0)), float(element.get("cy", 0)))]
    return []


@pytest.mark.parametrize("width", [WIDTH, NARROW])
@pytest.mark.parametrize("chart", [BARS, STEPS], ids=lambda chart: chart.title)
def test_everything_lies_inside_the_picture(chart: Chart, width: int) -> None:
    corners = [corner for element in parsed(chart, width).iter() for corner in numbers_of(element)]
    assert len(corners) > 10
    assert all(0 <= x <= width and 0 <= y <= HEIGHT for x, y in corners)


def test_a_narrow_picture_tells_its_title_in_two_lines() -> None:
    title = "Work in progress and finished per week, in all projects of the program together"
    chart = replace(BARS, title=title, note=f"{title}.")
    shown = [element.text for element in parsed(chart, NARROW).iter(f"{SVG}text")]
    assert shown.count(title) == 0
    assert " ".join(str(words) for words in shown[:2]) == title
    assert title in [element.text for element in parsed(chart).iter(f"{SVG}text")]


def test_bars_are_as_high_as_their_values() -> None:
    chart = Chart(title="", y_name="", categories=["a", "b"], marks=[Bars("x", "#123456", [10, -5])])
    drawn = [element for element in parsed(chart).iter(f"{SVG}rect") if element.get("fill") == "#123456"]
    first, second = (element for element in drawn if element.get("width") != "14")  # that is the legend's
    assert float(first.get("height", 0)) == pytest.approx(2 * float(second.get("height", 0)), abs=0.2)
    zero = float(first.get("y", 0)) + float(first.get("height", 0))
    assert float(second.get("y", 0)) == pytest.approx(zero, abs=0.15)


def test_a_gap_breaks_a_line_and_a_step_keeps_its_value() -> None:
    lines = list(parsed(BARS).iter(f"{SVG}polyline"))
    assert [len(line.get("points", "").split()) for line in lines] == [2], "the single first point is a dot"
    (step,) = parsed(STEPS).iter(f"{SVG}polyline")
    (_, low), (turn, before), (end, high) = numbers_of(step)
    assert before == low
    assert turn == end
    assert high < low


def test_texts_are_shown_and_harmless() -> None:
    chart = Chart(title=HOSTILE, y_name=HOSTILE, categories=[HOSTILE, "b"], note=HOSTILE,
                  marks=[Bars(HOSTILE, "#000", [1, 2])])  # fmt: skip
    text = render_svg(chart)
    tags = {element.tag for element in ET.fromstring(text).iter()}
    assert tags == {f"{SVG}{name}" for name in ("svg", "title", "rect", "text", "line")}
    assert "<script" not in text
    assert "\x00" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http://evil", "")


def test_the_same_chart_gives_the_same_text() -> None:
    assert render_svg(BARS) == render_svg(BARS)


def test_names_of_all_series_and_categories_are_there() -> None:
    words = {element.text for element in parsed(BARS).iter(f"{SVG}text")}
    assert {"Velocity", "points", "range", "committed", "added", "removed", "mean", "A note.", "Sprint 11"} <= words


def test_many_categories_thin_out_their_labels() -> None:
    names = [f"category {n}" for n in range(120)]
    chart = Chart(title="t", y_name="y", categories=names, marks=[Bars("x", "#000", [1] * 120)])
    shown = [e.text for e in parsed(chart).iter(f"{SVG}text") if str(e.text).startswith("cat")]
    assert 30 < len(shown) < 60
    assert shown[-1] == "category 119", "the newest is always named"


@pytest.mark.parametrize(("values", "labels"), [
    ([0, 23], ["0", "5", "10", "15", "20", "25"]),
    ([-7, 11], ["-10", "-5", "0", "5", "10", "15"]),
    ([0.4], ["0", "0.1", "0.2", "0.3", "0.4"]),
    ([], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ([48_000], ["0", "10k", "20k", "30k", "40k", "50k"]),
])
def test_ticks_are_round(values: list[float], labels: list[str]) -> None:
    assert [tick.label for tick in number_scale(values, 0, 100).ticks] == labels


@pytest.mark.parametrize(("days", "first", "count"), [(14, "3 Mar", 7), (90, "9 Mar", 6), (0, "2 Mar", 1)])
def test_time_ticks_are_midnights(days: int, first: str, count: int) -> None:
    scale = time_scale([START.timestamp(), (START + timedelta(days=days)).timestamp()], 0, 100)
    assert len(scale.ticks) == count
    assert scale.ticks[0].label == first
    assert all(tick.value % 86400 == 0 for tick in scale.ticks)
