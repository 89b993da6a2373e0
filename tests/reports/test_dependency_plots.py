"""Pictures of dependencies: all that is there is in them, and no more than can be read."""

import random
import re
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from itpm_pipeline.reports.dependency_drawing import BANDS, READABLE
from itpm_pipeline.reports.dependency_graph import graphs
from itpm_pipeline.reports.dependency_plots import hand_offs, history, program_graphs

SVG = "{http://www.w3.org/2000/svg}"


def row(blocker: str, blocked: str, **columns: Any) -> dict[str, Any]:
    """A row of the query of the graph; the project of ``PAY-1`` is PAY, of ``?-1`` unknown."""
    found: dict[str, Any] = {
        "program_id": "p", "program_name": "Payments", "severity": 1, "schedule_conflict": False, "conflict_days": None,
        "is_overdue": False, "is_on_critical_path": False, "is_in_cycle": False,
    }  # fmt: skip
    for end, key in (("blocker", blocker), ("blocked", blocked)):
        project = key.partition("-")[0]
        found |= {
            f"{end}_key": key, f"{end}_project_ref": None if project == "?" else f"jira:{project}",
            f"{end}_program_id": "p" if project == "PAY" else "q", f"{end}_category": "todo",
            f"{end}_summary": f"Title of {key}",
        }  # fmt: skip
    return found | columns


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def strokes(svg: str) -> list[tuple[str, str]]:
    """Colour and dashes of every arrow between issues (those of the legend are the first four)."""
    paths = [one for one in ET.fromstring(svg).iter(f"{SVG}path") if one.get("marker-end")]
    return [(one.get("stroke", ""), one.get("stroke-dasharray", "")) for one in paths][4:]


def test_a_small_graph_shows_every_issue_in_the_lane_of_its_project():
    (drawn,) = program_graphs([row("WEB-1", "PAY-1"), row("PAY-1", "PAY-2"), row("?-9", "PAY-2")])
    words = texts(drawn.svg)
    assert {"WEB-1", "PAY-1", "PAY-2", "?-9"} <= set(words)
    lanes = ["jira:PAY", "jira:WEB", "(unknown)"]
    assert [one for one in words if one in lanes] == lanes
    assert "Title of PAY-1" in drawn.svg
    assert len(strokes(drawn.svg)) == 3


@pytest.mark.parametrize(
    ("columns", "style"),
    [
        ({}, ("#8b949e", "")), ({"is_on_critical_path": True}, ("#0072b2", "")),
        ({"schedule_conflict": True, "conflict_days": 3.0}, ("#d55e00", "6 3")),
        ({"is_overdue": True}, ("#d55e00", "6 3")),
        ({"is_in_cycle": True}, ("#cc79a7", "2 3")),
    ],
)  # fmt: skip
def test_what_hurts_is_marked(columns, style):
    (drawn,) = program_graphs([row("PAY-1", "PAY-2", **columns)])
    assert strokes(drawn.svg) == [style]
    assert ("3 days too late" in drawn.svg) == ("conflict_days" in columns)


def test_arrows_run_from_left_to_right_unless_in_a_circle():
    (graph,) = graphs([row("PAY-1", "PAY-2"), row("PAY-2", "PAY-3"), row("PAY-1", "PAY-3"), row("PAY-3", "PAY-4"),
                       row("PAY-4", "PAY-3", is_in_cycle=True)])  # fmt: skip
    ranks = graph.ranks()
    assert [ranks[f"PAY-{number}"] for number in (1, 2)] == [0, 1]
    assert sorted(ranks.values()) == [0, 1, 2, 3]


def large(issues: int) -> list[dict[str, Any]]:
    chance = random.Random(3)
    projects = ["PAY", "WEB", "IDM", "OPS", "CRM", "DATA", "SHOP"]
    keys = [f"{chance.choice(projects)}-{number}" for number in range(issues)]
    pairs = [(keys[a], keys[chance.randrange(a + 1, issues)]) for a in range(issues - 1)]
    return [
        row(a, b, schedule_conflict=number % 9 == 0, conflict_days=1.0, severity=1 + number % 3,
            is_on_critical_path=number % 50 == 0)
        for number, (a, b) in enumerate(pairs)
    ]  # fmt: skip


def test_five_hundred_issues_collapse_to_projects_and_can_be_looked_into():
    rows = large(500)
    whole, most, *parts = program_graphs(rows)
    assert [drawn.title for drawn in (whole, most)] == [
        "Dependencies of Payments: projects", "Dependencies of Payments: what matters most"
    ]  # fmt: skip
    assert {drawn.title.rpartition(": ")[2] for drawn in parts} == {f"jira:{name}" for name in (
        "PAY", "WEB", "IDM", "OPS", "CRM", "DATA", "SHOP"
    )}  # fmt: skip
    told = " ".join(texts(whole.svg))
    issues = re.findall(r"(\d+) issues, \d+ inside", told)
    assert sum(map(int, issues)) == 500
    assert 0 < len(strokes(whole.svg)) <= BANDS
    for drawn in (most, *parts):
        shown = [words for words in texts(drawn.svg) if re.fullmatch(r"[A-Z]+-\d+", words)]
        assert 30 < len(shown) <= READABLE
        assert len(shown) == len(set(shown))
    critical = {key for one in rows if one["is_on_critical_path"] for key in (one["blocker_key"], one["blocked_key"])}
    assert critical <= set(texts(most.svg)), "what is on the critical path is shown first"


def test_texts_cannot_break_out_and_pictures_repeat():
    hostile = row("PAY-1", "PAY-2", blocker_summary='</text><script>alert("x")</script>\x00', program_name="<b>&")
    (drawn,) = program_graphs([hostile])
    root = ET.fromstring(drawn.svg)
    assert not list(root.iter(f"{SVG}script"))
    assert drawn.svg == program_graphs([hostile])[0].svg


def matrix_row(blocker: str, blocked: str, active: int, late: int = 0) -> dict[str, Any]:
    return {"blocker_project_ref": blocker, "blocked_project_ref": blocked, "active_count": active, "late_count": late,
            "conflict_count": late, "overdue_count": 0}  # fmt: skip


def test_the_matrix_has_a_cell_per_pair_darker_where_more_wait():
    (drawn,) = hand_offs([matrix_row("a", "b", 8, late=3), matrix_row("b", "a", 1)])
    cells = [one for one in ET.fromstring(drawn.svg).iter(f"{SVG}rect") if one.find(f"{SVG}title") is not None]
    assert [cell.get("stroke") for cell in cells] == ["#d55e00", "none"]
    assert cells[0].get("fill") == "#00457c"
    assert cells[1].get("fill") > cells[0].get("fill")
    assert {"8", "(3)", "1"} <= set(texts(drawn.svg))
    assert "b waits for a: 8 dependencies, 3 conflicts, 0 overdue" in drawn.svg


def test_a_matrix_of_many_projects_shows_those_with_the_most():
    rows = [matrix_row(f"p{number:02}", f"p{(number + 1) % 40:02}", 1 + number) for number in range(40)]
    (drawn,) = hand_offs(rows)
    assert "p39" in texts(drawn.svg)
    assert "p05" not in texts(drawn.svg)
    assert "10 projects with few are left out" in " ".join(texts(drawn.svg))


def test_nothing_to_show_gives_no_picture():
    assert list(program_graphs([])) == list(hand_offs([])) == list(history([])) == []


def test_waiting_over_time_has_a_chart_per_program_that_ever_waited():
    day = date(2026, 11, 2)
    rows = [
        {"program_name": name, "date": day + timedelta(days=number), "waiting_count": count,
         "blocked_issue_count": count, "active_blocker_count": min(count, 1)}
        for name, counts in (("A", (0, 2, 3)), ("B", (0, 0, 0))) for number, count in enumerate(counts)
    ]  # fmt: skip
    (chart,) = history(rows)
    assert chart.title == "Waiting in A"
    assert [list(mark.points)[-1][-1] for mark in chart.marks] == [3, 3, 1]
