"""Whose work it was (METRICS.md T11, 2.2, 2.3): teams, boards that share issues, several projects, two trackers."""

from datetime import timedelta
from typing import Any

import pytest
from built_models import Build, Built
from event_log import TRACKER, EventLog, at
from test_history_sources import GH, ONE, TWO, Repository

START, END = at("03-02T09"), at("03-16T09")
FACT, MART = "mart.fct_sprint_issue", "mart.mart_team_sprint_velocity"


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def built(build_models: Build, told: dict[str, str]) -> Built:
    log = Repository()
    alpha = log.board("Alpha")
    log.tables["board"][-1]["project_id"] = f"jira:{TRACKER}:project:PAY"
    log.add("team_setting", team_key="alpha", name="Alpha", board_ref=f"{TRACKER}:Alpha", headcount_fte=5.0)
    log.add("team", team_id="jira:acme:team:guests", name="Guests")
    sprint = log.sprint("S", START, END, alpha)

    # The Team field wins over the board, and its value at the end counts.
    log.issue("PAY-1", 3, sprints=[sprint]).move("03-05", "done")
    log.issue("PAY-2", 5, sprints=[sprint]).set("team", "03-06", "jira:acme:team:guests").move("03-07", "done")
    log.issue("PAY-3", 1, sprints=[sprint]).set("team", END, "jira:acme:team:guests")
    # A board over several projects gives each issue to its own; moving away counts at the end.
    web = log.project("WEB")
    log.issue("WEB-1", 2, sprints=[sprint], project="WEB").move("03-08", "done")
    log.issue("PAY-4", 8, sprints=[sprint]).set("project", "03-09", web).move("03-10", "done")
    # The sprint is shown on a second board; an issue is in a sprint of that board as well.
    beta = log.board("Beta")
    for board in (alpha, beta):
        log.add("board_sprint", board_id=board, sprint_id=sprint)
    other = log.sprint("T", START, END, beta)
    log.issue("PAY-5", 13, sprints=[sprint]).join("03-01", other).move("03-11", "done")
    # A sprint of an unknown board: the default team of the project.
    orphan = log.sprint("O", START, END, None)
    log.issue("PAY-6", 1, sprints=[orphan])
    log.issue("WEB-2", 1, sprints=[orphan], project="WEB")

    # A program over two trackers.
    log.program("P", ["PAY", "WEB"])
    log.add("program_project", program_id="program:P", project_ref=f"{TRACKER}:acme/shop", project_id=f"{GH}:R1",
            valid_from=at("01-01").date(), weight=1.0, source="config")
    for number, (iteration, since) in enumerate([(ONE, "03-01"), (ONE, "03-05"), (TWO, "03-20")], 1):
        issue = log.gh_issue(number, "closed", resolved_at=at("03-10") + timedelta(days=number))
        log.status(issue, f"03-{10 + number}", "open", "closed")
        log.seen(issue, "02-20T06", "sprint", None)
        log.seen(issue, f"{since}T01", "sprint", iteration, f"{since}T00:30")
    # A milestone of the same repository holds the same issues.
    milestone = f"{GH}:M1"
    log.add("sprint", sprint_id=milestone, kind="gh_milestone", project_id=f"{GH}:R1", name="1.0", state="closed",
            created_at=at("02-20"), completed_at=at("03-29"), source="github")
    for number in (1, 2, 3):
        log.event(f"{GH}:I{number}", "02-25", "sprint", None, milestone)
    told.update(sprint=sprint, other=other, orphan=orphan, milestone=milestone)
    return build_models(log)


def teams_of(built: Built, sprint: str) -> dict[str, str | None]:
    return {row["issue_key"]: row["team_id"] for row in built.rows(FACT, f"sprint_id = '{sprint}'")}


def test_team_field_then_board_then_project(built: Built, told: dict[str, str]) -> None:
    assert teams_of(built, told["sprint"]) == {
        "PAY-1": "team:alpha", "PAY-2": "jira:acme:team:guests", "PAY-3": "team:alpha", "PAY-4": "team:alpha",
        "PAY-5": "team:alpha", "WEB-1": "team:alpha",
    }
    assert teams_of(built, told["other"]) == {"PAY-5": f"team:jira:{TRACKER}:board:Beta"}
    assert teams_of(built, told["orphan"]) == {"PAY-6": "team:alpha", "WEB-2": None}


def test_teams_of_one_board_add_up_to_its_sprint(built: Built, told: dict[str, str]) -> None:
    parts = {row["team_name"]: row for row in built.rows("mart.fct_sprint_team", f"sprint_id = '{told['sprint']}'")}
    sprint = built.one(MART, f"sprint_id = '{told['sprint']}'")
    assert {name: row["completed_points"] for name, row in parts.items()} == {"Alpha": 26, "Guests": 5}
    assert sprint["completed_points"] == 31
    orphan = built.rows("mart.fct_sprint_team", f"sprint_id = '{told['orphan']}'")
    assert {row["team_name"] for row in orphan} == {"Alpha", None}, "work of no known team is never dropped"


def test_projects_of_one_board_add_up_to_its_sprint(built: Built, told: dict[str, str]) -> None:
    points: dict[str, float] = {}
    for row in built.rows(FACT, f"sprint_id = '{told['sprint']}'"):
        project = row["project_id"].rpartition(":")[2]
        points[project] = points.get(project, 0) + row["completed_points"]
    assert points == {"PAY": 3 + 5 + 13, "WEB": 2 + 8}


def test_a_sprint_on_two_boards_is_one_sprint(built: Built, told: dict[str, str]) -> None:
    row = built.one(MART, f"sprint_id = '{told['sprint']}'")
    assert row["board_id"] == f"jira:{TRACKER}:board:Alpha"
    assert built.one("mart.dim_sprint", f"sprint_id = '{told['sprint']}'")["team_id"] == "team:alpha"


def test_an_issue_in_sprints_of_two_boards_counts_in_each_and_once_in_the_program(
    built: Built, told: dict[str, str]
) -> None:
    rows = built.rows(FACT, "issue_key = 'PAY-5'")
    assert sorted((row["sprint_id"], row["disposition"]) for row in rows) == [
        (told["sprint"], "completed_committed"), (told["other"], "completed_committed"),
    ]
    march = built.one("mart.mart_program_velocity", "program_id = 'program:P' and period_name = '2026-03'")
    assert march["delivered_count"] == 5 + 3, "five issues of Jira, three of GitHub"
    assert march["project_count"] == 3


def test_iterations_are_time_boxes_of_the_same_kind(built: Built) -> None:
    one = built.one(MART, f"sprint_id = '{ONE}'")
    assert (one["effective_start_at"], one["effective_end_at"]) == (at("03-02"), at("03-16"))
    assert (one["committed_count"], one["added_count"], one["completed_count"]) == (1, 1, 2)
    two = built.one(MART, f"sprint_id = '{TWO}'")
    assert (two["committed_count"], two["completed_outside_count"]) == (0, 1), "closed before it was put there"
    assert (one["sprint_confidence"], one["is_approximate"]) == (1, False), "watched from the first day on"


def test_a_milestone_beside_iterations_counts_by_itself_but_not_in_roll_ups(
    built: Built, told: dict[str, str]
) -> None:
    row = built.one("mart.dim_sprint", f"sprint_id = '{told['milestone']}'")
    assert (row["effective_start_at"], row["effective_end_at"]) == (at("02-20"), at("03-29"))
    assert (row["start_provenance"], row["end_provenance"]) == ("derived", "completed")
    assert built.one(MART, f"sprint_id = '{told['milestone']}'")["completed_count"] == 3
    counted = {row["sprint_id"] for row in built.rows("int.int_sprint_in_roll_up")}
    assert told["milestone"] not in counted
    assert {ONE, told["sprint"]} <= counted
    summary = built.one("int.int_program_sprint_summary", "program_id = 'program:P'")
    closed = {row["sprint_id"] for row in built.rows("mart.fct_sprint_issue", "program_id = 'program:P'")} & counted
    assert summary["sprint_count"] + summary["approximate_sprint_count"] == len(closed)


def test_milestones_count_in_roll_ups_where_nothing_else_does(build_models: Build) -> None:
    log = Repository()
    log.program("P", [])
    log.add("program_project", program_id="program:P", project_ref=f"{TRACKER}:acme/shop", project_id=f"{GH}:R1",
            valid_from=at("01-01").date(), weight=1.0, source="config")
    ends = {"1.0": "03-16", "1.1": "03-30"}
    for name, end in ends.items():
        log.add("sprint", sprint_id=f"{GH}:M{name}", kind="gh_milestone", project_id=f"{GH}:R1", name=name,
                state="closed", created_at=at("03-01"), completed_at=at(end), source="github")
    for number in range(4):
        issue = log.gh_issue(number, "closed", resolved_at=at("03-10"))
        log.event(issue, "02-25", "sprint", None, f"title:{'1.0' if number < 3 else '1.1'}")
        log.status(issue, "03-10" if number < 2 else "03-20", "open", "closed")
    built = build_models(log)
    second = built.one("mart.dim_sprint", "name = '1.1'")
    assert second["effective_start_at"] == at("03-16"), "it begins where the one before ended"
    march = built.one("mart.mart_program_velocity", "program_id = 'program:P' and period_name = '2026-03'")
    assert (march["sprint_count"], march["committed_count"], march["completed_initial_count"]) == (2, 4, 3)
    assert march["pooled_reliability"] == 0.75


def test_scope_events_name_who_made_them(build_models: Build) -> None:
    log = EventLog()
    sprint = log.sprint("S", START, END, log.board("B"))
    log.issue("A", 3, sprints=[sprint]).estimate("03-04", 5).move("03-05", "done")
    log.issue("B", 2).join("03-06", sprint).leave("03-07", sprint).join("03-08", sprint)
    log.issue("C", 1, created=at("03-09"), sprints=[sprint], reporter_person_id="rita").move("03-10", "doing")
    rows = log.rows()
    actors = {at("03-04"): "ann", at("03-05"): "bob", at("03-06"): "eve", at("03-08"): "ann"}
    for event in rows["issue_field_event"]:
        event["actor_person_id"] = actors.get(event["occurred_at"])
    log.rows = lambda: rows  # type: ignore[method-assign]
    built = build_models(log)
    found: list[tuple[Any, ...]] = sorted(
        (row["occurred_at"], row["kind"], row["scope_delta_points"], row["actor_person_id"])
        for row in built.rows("int.int_sprint_scope_event")
    )
    assert found == [
        (at("03-04"), "re_estimate", 2, "ann"), (at("03-05"), "complete", 0, "bob"), (at("03-06"), "add", 2, "eve"),
        (at("03-07"), "remove", -2, None), (at("03-08"), "add", 2, "ann"), (at("03-09"), "add", 1, "rita"),
    ]
    row = built.one("mart.mart_sprint_scope_change", "sprint_name = 'S'")
    assert (row["added_count"], row["add_event_count"], row["removed_count"], row["remove_event_count"]) == (2, 3, 0, 1)
    assert (row["gross_added_points"], row["gross_removed_points"], row["added_points"]) == (5, 2, 3)
    assert (row["actor_count"], row["event_without_actor_count"]) == (4, 1)
    assert (row["first_change_at"], row["last_change_at"]) == (at("03-04"), at("03-09"))
