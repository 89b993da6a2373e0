"""Cycle times of jira-agile-metrics beside ours: by its published rules, and by the package itself.

Its rules (calculators/cycletime.py, read in version 0.24): an issue goes through steps; entering a step notes the day
unless one is noted already, and erases what is noted of later steps; the cycle time is from the note of the first
accepted step to that of the first complete one. That is ``cycle_time_reset_s``, with steps made of categories.

The package is not among our libraries: it is compared if ``JIRA_AGILE_METRICS_PYTHON`` names a Python that has it::

    python3.11 -m venv other && other/bin/pip install jira-agile-metrics==0.24
    JIRA_AGILE_METRICS_PYTHON=other/bin/python pytest tests/truth/test_cycle_times_by_other_rules.py
"""

import json
import os
import subprocess
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from whole_pipeline import Published

from itpm_pipeline.sandbox.serve import JIRA_EMAIL, JIRA_TOKEN, serve

STEPS = ("todo", "in_progress", "done")
ACCOUNT_ZONE = ZoneInfo("Europe/Berlin")
"""In which the site writes instants for the account that asks; the package takes the day that is written."""
Moves = list[tuple[datetime, str, str]]
"""Instant, category before, category after."""
CUT = "more than a hundred changes: a search holds the newest hundred, and the package reads no others"
SKIPPED = "from to do to done: no cycle time there, one of 0 here"


def notes_by_their_rules(created: datetime, first: str, moves: Moves) -> tuple[datetime, datetime] | None:
    """Accepted and complete; None where one of the notes is missing."""
    notes: dict[str, datetime] = {}
    for at, category in [(created, first), *((at, after) for at, _, after in moves)]:
        if category not in STEPS:
            continue  # a status that is no step
        notes.setdefault(category, at)
        for later in STEPS[STEPS.index(category) + 1 :]:
            notes.pop(later, None)
    return (notes["in_progress"], notes["done"]) if {"in_progress", "done"} <= notes.keys() else None


def jira_moves(published: Published) -> dict[str, tuple[Moves, str]]:
    """Of every Jira issue its moves, oldest first, and the category it is in now."""
    category = {row["status_id"]: row["category"] for row in published.rows("select * from core.status")}
    moves: defaultdict[str, Moves] = defaultdict(list)
    for row in published.rows(
        "select * from core.issue_field_event where field = 'status' and source = 'jira' "
        "order by occurred_at, length(source_event_id), source_event_id, item_ordinal"
    ):
        moves[row["issue_id"]].append((row["occurred_at"], category[row["from_raw"]], category[row["to_raw"]]))
    return {
        row["issue_id"]: (moves[row["issue_id"]], category[row["status_id"]])
        for row in published.rows("select issue_id, status_id from core.issue where source = 'jira'")
    }


def ours(published: Published) -> list[dict[str, Any]]:
    return published.rows(
        "select clock.*, cycle.issue_key, cycle.created_at, cycle.cycle_time_s, cycle.cycle_time_reset_s "
        "from mart.fct_issue_cycle_time as cycle inner join int.int_issue_clock as clock using (issue_id) "
        "where issue_id like 'jira:%'"
    )


def is_skipped(row: dict[str, Any], moves: Moves) -> bool:
    """Whether the last way to done led past all work."""
    arrival = [before for _, before, after in moves if after == "done" and before != "done"]
    return row["cycle_time_reset_s"] == 0 and row["restarted_at"] == row["finished_at"] and arrival[-1:] == ["todo"]


def seconds(notes: tuple[datetime, datetime] | None) -> int | None:
    return None if notes is None else int(notes[1].timestamp()) - int(notes[0].timestamp())


def test_cycle_times_agree_but_for_skipped_work(published: Published) -> None:
    """To the second, and every difference is of the one kind that is named."""
    told, reasons, unexplained = jira_moves(published), Counter[str](), []
    rows = ours(published)
    for row in rows:
        moves, now = told[row["issue_id"]]
        theirs = seconds(notes_by_their_rules(row["created_at"], moves[0][1] if moves else now, moves))
        if theirs == row["cycle_time_reset_s"]:
            reasons["equal"] += 1
        elif theirs is None and is_skipped(row, moves):
            reasons[SKIPPED] += 1
        else:
            unexplained.append((row["issue_key"], theirs, row["cycle_time_reset_s"]))
    assert unexplained == []
    assert reasons["equal"] + reasons[SKIPPED] == len(rows) > 1000
    assert 0 < reasons[SKIPPED] < 0.1 * len(rows)
    restarted = [row for row in rows if row["cycle_time_s"] != row["cycle_time_reset_s"]]
    assert restarted, "the company has issues that moved back to to do and were begun again"


@pytest.fixture(scope="module")
def package(published: Published) -> dict[str, Any]:
    """What jira-agile-metrics makes of the same site, asked over HTTP."""
    interpreter = os.environ.get("JIRA_AGILE_METRICS_PYTHON")
    if interpreter is None:
        pytest.skip("JIRA_AGILE_METRICS_PYTHON names no Python that has jira-agile-metrics")
    program = Path(__file__).with_name("run_jira_agile_metrics.py")
    with serve(published.company, github_hourly_points=None) as running:
        done = subprocess.run(
            [interpreter, program, running.jira_url, JIRA_EMAIL, JIRA_TOKEN], capture_output=True, text=True, check=True
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("order", ["listed", "oldest first"])
def test_the_rules_are_those_of_the_package(published: Published, package: dict[str, Any], order: str) -> None:
    """Of what it got they make the package's own cycle time for every issue.

    Jira Cloud lists changes newest first, and the package takes for the beginning what the first one listed left: its
    work began on the day it was created.
    """
    told, wrong = jira_moves(published), []
    for row in ours(published):
        key = row["issue_key"]
        moves, now = told[row["issue_id"]]
        since = datetime.fromisoformat(package["cut"].get(key, "1970-01-01T00:00+00:00"))
        given = [move for move in moves if move[0] >= since]
        first = given[-1 if order == "listed" else 0][1] if given else now
        expected = in_days(notes_by_their_rules(row["created_at"], first, given))
        if package[order][key][2] != expected[2]:
            wrong.append((key, package[order][key], expected))
    assert wrong == []


def test_the_package_itself_agrees_but_for_skipped_work(published: Published, package: dict[str, Any]) -> None:
    """Accepted, complete and cycle time of every issue in days, the changes given to it in the order they happened."""
    told, reasons, unexplained = jira_moves(published), Counter[str](), []
    rows = ours(published)
    for row in rows:
        theirs = package["oldest first"][row["issue_key"]]
        if theirs == in_days((row["restarted_at"], row["finished_at"]) if row["finished_at"] else None):
            reasons["equal"] += 1
        elif row["finished_at"] is None and theirs[2] is None:
            reasons["not finished in both"] += 1
        elif theirs[2] is None and is_skipped(row, told[row["issue_id"]][0]):
            reasons[SKIPPED] += 1
        elif row["issue_key"] in package["cut"]:
            reasons[CUT] += 1
        else:
            unexplained.append((row["issue_key"], theirs, row["restarted_at"], row["finished_at"]))
    assert unexplained == []
    assert {row["issue_key"] for row in rows} == package["oldest first"].keys()
    assert reasons["equal"] > 900
    assert reasons[SKIPPED] > 0
    assert reasons[SKIPPED] + reasons[CUT] < 0.1 * len(rows)


def in_days(notes: tuple[datetime, datetime] | None) -> list[Any]:
    """As the package tells it: the two days, and how many lie between."""
    if notes is None:
        return [None, None, None]
    first, last = (at.astimezone(ACCOUNT_ZONE).date() for at in notes)
    return [first.isoformat(), last.isoformat(), (last - first).days]
