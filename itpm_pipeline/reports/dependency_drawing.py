"""Draws dependency graphs: projects as lanes with their issues in them, or as boxes where there are too many issues."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import cos, hypot, pi, sin

from itpm_pipeline.reports.chart import Colour
from itpm_pipeline.reports.dependency_graph import UNKNOWN, Arrow, Graph, Knot
from itpm_pipeline.reports.diagram import Canvas, Diagram, cut
from itpm_pipeline.reports.svg import FAINT, INK

PLAIN, CONFLICT, CRITICAL, CIRCLE = "#8b949e", Colour.WARNING, Colour.DONE, Colour.REMOVED
COLOURS = (PLAIN, CONFLICT, CRITICAL, CIRCLE)
LEGEND = (
    (CRITICAL, "", "on the critical path"), (CONFLICT, "6 3", "too late: conflict or overdue"),
    (CIRCLE, "2 3", "in a circle"), (PLAIN, "", "other"),
)  # fmt: skip
READABLE = 60
"""Issues in one picture."""
BANDS = 28
"""Arrows between projects in one picture; the hand-off matrix has all of them."""
KNOT, ROW, COLUMN, LANE_NAME, TOP = (118.0, 22.0), 30.0, 214.0, 26.0, 84.0
LEAST_WIDTH = 720.0
OWN_LANE, OTHER_LANE = "#f3f6f9", "#fbfbfc"


def lanes(graph: Graph, title: str) -> Diagram:
    """Issues left to right in the order in which they can be done, in a lane for each project."""
    ranks = graph.ranks()
    rows: dict[str, int] = {}
    places: dict[str, tuple[float, float]] = {}
    y = TOP
    shelves: list[tuple[str, float, float]] = []
    for project in graph.projects:
        filled: Counter[int] = Counter()
        members = sorted((knot for knot in graph.knots.values() if knot.project == project),
                         key=lambda knot: (ranks[knot.key], _waited_row(graph, knot, rows), knot.key))  # fmt: skip
        for knot in members:
            row = filled[ranks[knot.key]]
            filled[ranks[knot.key]] += 1
            rows[knot.key] = len(rows)
            places[knot.key] = (24 + ranks[knot.key] * COLUMN, y + LANE_NAME + row * ROW)
        height = LANE_NAME + max(filled.values()) * ROW + 6
        shelves.append((project, y, height))
        y += height + 8
    width = max(LEAST_WIDTH, 48 + max(ranks.values()) * COLUMN + KNOT[0])
    left_out = f"; {graph.hidden} more issues are left out" if graph.hidden else ""
    canvas = Canvas(title, f"{len(graph.knots)} issues that wait or are waited for{left_out}", width, y + 10)
    canvas.heads(COLOURS)
    _legend(canvas)
    for project, top, height in shelves:
        fill = OWN_LANE if project in graph.own else OTHER_LANE
        canvas.box(10, top, width - 20, height, fill=fill, stroke="#d8dee4", round_by=6)
    for number, one in enumerate(sorted(graph.arrows, key=lambda arrow: arrow.weight)):
        _join(canvas, one, places[one.blocker], places[one.blocked], number)
    for project, top, _ in shelves:
        fill = OWN_LANE if project in graph.own else OTHER_LANE
        canvas.box(18, top + 5, len(project) * 7.4 + 4, 16, fill=fill)
        canvas.text(20, top + 17, project, fill=FAINT, weight="600")
    for knot in graph.knots.values():
        _draw(canvas, knot, *places[knot.key])
    return canvas.done()


def _waited_row(graph: Graph, knot: Knot, rows: dict[str, int]) -> float:
    """Issues stand near those they wait for: fewer crossings."""
    before = [rows[one.blocker] for one in graph.arrows if one.blocked == knot.key and one.blocker in rows]
    return sum(before) / len(before) if before else 0.0


def _style(one: Arrow) -> tuple[str, str, float]:
    """Colour, dashes, width."""
    if one.is_in_cycle:
        return CIRCLE, "2 3", 2.0
    if one.is_conflict or one.is_overdue:
        return CONFLICT, "6 3", 2.4 if one.is_critical else 1.6
    return (CRITICAL, "", 2.4) if one.is_critical else (PLAIN, "", 1.1)


def _join(canvas: Canvas, one: Arrow, start: tuple[float, float], end: tuple[float, float], number: int) -> None:
    """Arrows between the same columns bend at different places, so that an eye can follow one of them."""
    colour, dash, thick = _style(one)
    x1, y1, x2, y2 = start[0] + KNOT[0], start[1] + KNOT[1] / 2, end[0] - 1, end[1] + KNOT[1] / 2
    bend = (max(30.0, abs(x2 - x1) / 2) if x2 > x1 else 60.0) + (number % 7 - 3) * 9
    path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    canvas.arrow(path, stroke=colour, thick=thick, dash=dash, opacity=0.9, hint=one.hint)


def _draw(canvas: Canvas, knot: Knot, x: float, y: float) -> None:
    fill = "#ffffff" if knot.project != UNKNOWN else "#eceff2"
    edge, thick = (CRITICAL, 2.0) if knot.is_critical else ("#8b949e", 1.0)
    canvas.box(x, y, *KNOT, fill=fill, stroke=edge, thick=thick, hint=knot.hint)
    if knot.is_begun:
        canvas.box(x + 4, y + 7, 8, 8, fill=Colour.ADDED, round_by=4, hint="in progress")
    # The lane tells the organisation.
    words = knot.key.rpartition("/")[2]
    canvas.text(x + (16 if knot.is_begun else 8), y + 15, cut(words, 13 if knot.is_begun else 14))


def _legend(canvas: Canvas) -> None:
    x = 16.0
    for colour, dash, words in LEGEND:
        canvas.arrow(f"M{x:.1f} 60L{x + 24:.1f} 60", stroke=colour, dash=dash, thick=2)
        canvas.text(x + 30, 64, words)
        x += 44 + len(words) * 6.4
    canvas.box(x, 56, 8, 8, fill=Colour.ADDED, round_by=4)
    canvas.text(x + 14, 64, "in progress")


def ring(graph: Graph, title: str) -> Diagram:
    """Projects as boxes in a ring, with what waits for what between them summed up."""
    projects = graph.projects
    inside: Counter[str] = Counter(knot.project for knot in graph.knots.values())
    within: Counter[str] = Counter()
    between: defaultdict[tuple[str, str], list[Arrow]] = defaultdict(list)
    for one in graph.arrows:
        pair = (graph.knots[one.blocker].project, graph.knots[one.blocked].project)
        if pair[0] == pair[1]:
            within[pair[0]] += 1
        else:
            between[pair].append(one)
    wide, high = 150.0, 46.0
    radius_x = max(280.0, len(projects) * 27.0)
    radius_y = max(190.0, len(projects) * 19.0)
    width, height = 2 * radius_x + wide + 60, 2 * radius_y + high + 150
    middle = (width / 2, TOP + radius_y + high / 2 + 20)
    shown = sorted(between.items(), key=lambda one: (_importance(one[1]), one[0]), reverse=True)[:BANDS]
    weaker = f"; {len(between) - len(shown)} weaker arrows are left out" if len(between) > len(shown) else ""
    canvas = Canvas(
        title, f"{len(graph.knots)} issues, {len(graph.arrows)} dependencies; arrows run from who is waited for; "
        f"numbers count dependencies (too late){weaker}", max(width, LEAST_WIDTH), height,
    )  # fmt: skip
    canvas.heads(COLOURS)
    _legend(canvas)
    place = {
        project: (middle[0] + radius_x * sin(2 * pi * number / len(projects)),
                  middle[1] - radius_y * cos(2 * pi * number / len(projects)))
        for number, project in enumerate(projects)
    }  # fmt: skip
    labels = []
    for (blocker, blocked), arrows in reversed(shown):
        labels.append(_band(canvas, arrows, place[blocker], place[blocked], middle, (wide, high)))
    for x, y, words, colour in labels:
        canvas.box(x - len(words) * 3.3 - 3, y - 11, len(words) * 6.6 + 6, 15, fill="#ffffff", stroke=colour)
        canvas.text(x, y, words, anchor="middle", size=11)
    for project, (x, y) in place.items():
        is_critical = any(knot.is_critical for knot in graph.knots.values() if knot.project == project)
        canvas.box(x - wide / 2, y - high / 2, wide, high, fill=OWN_LANE if project in graph.own else "#ffffff",
                   stroke=CRITICAL if is_critical else PLAIN, thick=2 if is_critical else 1, hint=project)  # fmt: skip
        canvas.text(x, y - 3, cut(project, 18), anchor="middle", weight="600")
        words = f"{inside[project]} issues" + (f", {within[project]} inside" if within[project] else "")
        canvas.text(x, y + 14, words, anchor="middle", fill=FAINT, size=11)
    return canvas.done()


def _late(arrows: Sequence[Arrow]) -> int:
    return sum(one.is_conflict or one.is_overdue for one in arrows)


def _importance(arrows: Sequence[Arrow]) -> tuple[bool, int, int]:
    return any(one.is_critical or one.is_in_cycle for one in arrows), _late(arrows), len(arrows)


def _band(
    canvas: Canvas, arrows: Sequence[Arrow], start: tuple[float, float], end: tuple[float, float],
    middle: tuple[float, float], size: tuple[float, float],
) -> tuple[float, float, str, str]:  # fmt: skip
    """All dependencies between two projects as one arrow; returns its label: place, words, colour."""
    late = _late(arrows)
    colour, dash, _ = _style(max(arrows, key=lambda one: (one.is_in_cycle, one.is_conflict or one.is_overdue,
                                                          one.is_critical)))  # fmt: skip
    half = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    # To the right of its way, so that arrows there and back lie apart, and towards the middle.
    along = (end[0] - start[0], end[1] - start[1])
    far = hypot(*along) or 1.0
    bend = (half[0] + (middle[0] - half[0]) * 0.3 - along[1] / far * 34,
            half[1] + (middle[1] - half[1]) * 0.3 + along[0] / far * 34)  # fmt: skip
    x1, y1 = _border(start, bend, size)
    x2, y2 = _border(end, bend, size)
    words = f"{len(arrows)} ({late})" if late else str(len(arrows))
    hint = "; ".join(one.hint for one in arrows[:20]) + ("; …" if len(arrows) > 20 else "")
    canvas.arrow(f"M{x1:.1f} {y1:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {x2:.1f} {y2:.1f}", stroke=colour, dash=dash,
                 thick=min(1 + len(arrows) / 2, 7), opacity=0.85, hint=hint)  # fmt: skip
    return (x1 + 2 * bend[0] + x2) / 4, (y1 + 2 * bend[1] + y2) / 4 + 4, words, colour if late else INK


def _border(box: tuple[float, float], towards: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    """Where the straight line from the middle of a box leaves it."""
    dx, dy = towards[0] - box[0], towards[1] - box[1]
    share = min((size[0] / 2 + 2) / abs(dx) if dx else 9e9, (size[1] / 2 + 2) / abs(dy) if dy else 9e9, 1.0)
    return box[0] + dx * share, box[1] + dy * share
