"""Draws who waits for whom as a heat map."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from itpm_pipeline.reports.chart import Colour
from itpm_pipeline.reports.diagram import Canvas, Diagram, cut
from itpm_pipeline.reports.svg import FAINT

MOST = 30
"""Projects in one map; those with the most dependencies are shown."""
CELL, TOP = 40.0, 76.0
DARK = (0x00, 0x45, 0x7C)


def heat_map(rows: Sequence[Mapping[str, Any]], title: str) -> Diagram:
    """Rows of mart_dependency_matrix: rows of the map are waited for, columns wait."""
    weight: Counter[str] = Counter()
    for row in rows:
        weight[row["blocker_project_ref"]] += row["active_count"]
        weight[row["blocked_project_ref"]] += row["active_count"]
    shown = sorted(name for name, _ in sorted(weight.items(), key=lambda one: (-one[1], one[0]))[:MOST])
    place = {name: number for number, name in enumerate(shown)}
    cells = [row for row in rows if row["blocker_project_ref"] in place and row["blocked_project_ref"] in place]
    hidden = len(weight) - len(shown)
    longest = min(max(len(name) for name in shown), 26)
    left, slant = 34 + longest * 6.6, longest * 4.9
    top = TOP + slant
    width = max(640.0, left + len(shown) * CELL + slant + 30)
    canvas = Canvas(
        title, "Active dependencies; below, in brackets, those too late (conflict or overdue)"
        + (f"; {hidden} projects with few are left out" if hidden else ""), width, top + len(shown) * CELL + 44,
    )  # fmt: skip
    most = max(row["active_count"] for row in cells)
    for name, number in place.items():
        middle = number * CELL + CELL / 2
        canvas.text(left - 8, top + middle + 4, cut(name, 26), anchor="end")
        canvas.text(left + middle + 2, top - 8, cut(name, 26), turned=-48)
        for other in range(len(shown)):
            fill = "#f4f6f8" if other != number else "#eaeef2"
            canvas.box(left + other * CELL + 1, top + number * CELL + 1, CELL - 2, CELL - 2, fill=fill, round_by=2)
    for row in cells:
        _cell(canvas, row, left + place[row["blocked_project_ref"]] * CELL,
              top + place[row["blocker_project_ref"]] * CELL, row["active_count"] / most)  # fmt: skip
    canvas.text(16, TOP - 14, "rows: waited for; columns: waiting", fill=FAINT)
    canvas.text(left, top + len(shown) * CELL + 24, "darker: more; orange frame: some are too late", fill=FAINT)
    return canvas.done()


def _cell(canvas: Canvas, row: Mapping[str, Any], x: float, y: float, share: float) -> None:
    late = row["late_count"]
    strength = 0.12 + 0.88 * share
    fill = "#" + "".join(f"{round(255 + (dark - 255) * strength):02x}" for dark in DARK)
    hint = (f"{row['blocked_project_ref']} waits for {row['blocker_project_ref']}: {row['active_count']} dependencies, "
            f"{row['conflict_count']} conflicts, {row['overdue_count']} overdue")  # fmt: skip
    canvas.box(x + 2, y + 2, CELL - 4, CELL - 4, fill=fill, stroke=Colour.WARNING if late else "none", thick=2.5,
               round_by=2, hint=hint)  # fmt: skip
    ink = "#ffffff" if strength > 0.5 else "#1b1f24"
    canvas.text(x + CELL / 2, y + (18 if late else 24), str(row["active_count"]), anchor="middle", fill=ink)
    if late:
        canvas.text(x + CELL / 2, y + 31, f"({late})", anchor="middle", fill=ink, size=10)
