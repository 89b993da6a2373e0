"""One row per program: colours, headline, counts, overrides (METRICS.md section 5.1)."""

from datetime import date
from itertools import pairwise

import pytest
from built_models import Build
from event_log import EventLog, at

WANTED = ("+mart_program_status", "+fct_issue_cycle_time", "+mart_flow_metrics_daily")

STATUS = "mart.mart_program_status"


def sprint_of(log: EventLog, project: str, done: int, open_: int) -> None:
    """A closed sprint of a project in which so many of the committed issues were finished."""
    name = log.sprint(project, at("03-02"), at("03-16"), log.board(project))
    for number in range(done + open_):
        issue = log.issue(f"{project}-{number}", 1, sprints=[name], project=project)
        if number < done:
            issue.move("03-05", "doing").move("03-10", "done")


def test_colours_and_headline(build_models: Build) -> None:
    log = EventLog()
    for key, done, open_ in (("GOOD", 4, 1), ("FAIR", 3, 2), ("POOR", 1, 4)):
        log.project(key)
        log.program(key, [key])
        sprint_of(log, key, done, open_)
    log.program("EMPTY", [])
    built = build_models(log)
    rows = {row["program_key"]: row for row in built.rows(STATUS)}
    colours = ("overall_rag", "dependency_rag", "predictability_rag")
    assert {key: tuple(row[colour] for colour in colours) for key, row in rows.items()} == {
        "GOOD": ("green", "green", "green"), "FAIR": ("amber", "green", "amber"), "POOR": ("red", "green", "red"),
        "EMPTY": ("grey", "grey", "grey"), "(unassigned)": ("grey", "grey", "grey"),
    }
    assert rows["FAIR"]["headline"] == "AMBER: 2 open issues; commitment reliability 60 %"
    assert rows["EMPTY"]["headline"] == "GREY: no open issues"
    poor = rows["POOR"]
    assert (poor["say_do_ratio"], poor["schedule_rag"], poor["cost_rag"]) == (0.2, "grey", "grey")


@pytest.mark.parametrize(("conflicts", "other_program", "expected"), [
    (0, False, "green"), (2, False, "amber"), (3, False, "red"), (1, True, "red"),
])
def test_dependencies_decide(build_models: Build, conflicts: int, other_program: bool, expected: str) -> None:
    log = EventLog()
    log.project("WEB")
    log.program("ONE", ["PAY"] if other_program else ["PAY", "WEB"])
    if other_program:
        log.program("TWO", ["WEB"])
    # The critical path lies elsewhere: what is on it is severe by itself.
    chain = [log.issue(f"PAY-{number}") for number in (90, 91, 92)]
    for before, after in pairwise(chain):
        log.add("issue_link", seen_from_id=after.issue_id, link_ref=after.issue_id, blocker_issue_id=before.issue_id,
                blocked_issue_id=after.issue_id, edge_type="blocks", provenance="jira_link", confidence=1.0)
    for number in range(conflicts):
        blocker = log.issue(f"PAY-{number + 1}").set("due_date", "03-01", "2026-03-01")
        blocked = log.issue(f"WEB-{number + 1}", project="WEB")
        log.add("issue_link", seen_from_id=blocked.issue_id, link_ref=str(number), blocker_issue_id=blocker.issue_id,
                blocked_issue_id=blocked.issue_id, edge_type="blocks", provenance="jira_link", confidence=1.0)
    row = build_models(log).one(STATUS, "program_key = 'ONE'")
    assert (row["dependency_rag"], row["overall_rag"]) == (expected, expected)
    assert row["overdue_count"] == conflicts
    assert row["active_dependency_count"] == conflicts + len(chain) - 1


@pytest.mark.parametrize(("expires_on", "expected"), [(date(2026, 11, 16), "green"), (date(2026, 11, 15), "red")])
def test_an_override_counts_through_its_last_day(build_models: Build, expires_on: date, expected: str) -> None:
    log = EventLog()
    log.program("POOR", ["PAY"], status_override="green", override_author="Ada", override_reason="Re-planned",
                override_expires_on=expires_on)
    sprint_of(log, "PAY", 1, 4)
    row = build_models(log).one(STATUS, "program_key = 'POOR'")
    assert (row["overall_rag"], row["computed_rag"]) == (expected, "red")
    assert row["override_author"] == ("Ada" if expected == "green" else None)


def test_projects_nobody_named_and_issues_routed_elsewhere(build_models: Build) -> None:
    log = EventLog()
    log.project("WEB")
    program = log.program("ONE", ["PAY"])
    log.issue("PAY-1")
    log.issue("WEB-1", project="WEB")
    routed = log.issue("WEB-2", project="WEB")
    log.add("issue_program_override", issue_id=routed.issue_id, valid_from=date(1970, 1, 1), program_id=program,
            rule="label:checkout", source="config")
    built = build_models(log)
    programs = {row["issue_key"]: row["program_id"] for row in built.rows("mart.dim_issue")}
    assert programs == {"PAY-1": program, "WEB-1": "program:(unassigned)", "WEB-2": program}
    assert {row["program_key"]: row["open_count"] for row in built.rows(STATUS)} == {"ONE": 2, "(unassigned)": 1}


def test_teams_from_tracker_settings_and_boards(build_models: Build) -> None:
    """T11: the team field, else the team of the board, else the only team of the project, else none."""
    log = EventLog()
    pay = log.project("PAY-2")
    boards = {name: log.board(name) for name in ("Alpha board", "Beta board")}
    log.tables["board"][-1]["project_id"] = pay
    log.add("team", team_id="jira:acme:team:7", name="Gamma", estimate_scale_id="jira:acme:team:7")
    log.add("team_setting", team_key="ALPHA", name="Alpha", board_ref="acme:Alpha board", estimate_scale_id="points",
            headcount_fte=6.0, source="config")
    sprint = log.sprint("1", at("03-02"), at("03-16"), boards["Alpha board"])
    log.issue("A-1", sprints=[sprint])
    log.issue("G-1", sprints=[sprint], team_id="jira:acme:team:7")
    log.issue("B-1", project="PAY-2")
    log.issue("N-1")
    built = build_models(log)
    assert {row["issue_key"]: row["team_id"] for row in built.rows("mart.dim_issue")} == {
        "A-1": "team:ALPHA", "G-1": "jira:acme:team:7", "B-1": f"team:{boards['Beta board']}", "N-1": None}
    alpha = built.one("mart.dim_team", "team_key = 'ALPHA'")
    assert (alpha["board_id"], alpha["estimate_scale_id"], alpha["headcount_fte"]) == (
        boards["Alpha board"], "points", 6)
    assert {row["scope_id"] for row in built.rows("mart.mart_flow_metrics_daily", "scope_type = 'team'")} == {
        "team:ALPHA", "jira:acme:team:7", f"team:{boards['Beta board']}", "(no team)"}


def reading(project: str, run: int, status: str, hour: int, stream: str = "issues") -> dict[str, object]:
    """A row of ops.sync_log."""
    return {"tracker": "acme", "project": project, "stream": stream, "run_id": str(run), "status": status,
            "started_at": at(f"03-01T{hour:02}"), "ended_at": at(f"03-01T{hour:02}:30")}


def test_freshness_is_that_of_the_project_read_longest_ago(build_models: Build) -> None:
    log = EventLog()
    for key in ("WEB", "OLD"):
        log.project(key)
    log.program("SHOP", ["PAY", "WEB", "OLD"])
    log.readings += [
        reading("PAY", 1, "ok", 1), reading("PAY", 2, "ok", 5), reading("PAY", 3, "ok", 9, "versions"),
        reading("PAY", 3, "failed", 9),
        reading("WEB", 2, "ok", 6), reading("WEB", 2, "skipped", 6, "worklogs"),
        reading("OLD", 2, "skipped", 7), reading("_site", 3, "ok", 8),
    ]
    built = build_models(log)
    assert {row["project_key"]: row["last_read_at"] for row in built.rows("mart.dim_project")} == {
        "PAY": at("03-01T05"), "WEB": at("03-01T06"), "OLD": None,
    }
    assert built.one(STATUS, "program_key = 'SHOP'")["last_synced_at"] == at("03-01T05")
    assert built.one(STATUS, "program_key = '(unassigned)'")["last_synced_at"] is None


def test_who_waits_is_blocked_also_if_nobody_recorded_since_when(build_models: Build) -> None:
    log = EventLog()
    log.program("PAY", ["PAY"])
    blocker, done = log.issue("PAY-1"), log.issue("PAY-2").move("03-05", "done")
    for number, other in enumerate((blocker, done)):
        waiting = log.issue(f"PAY-{number + 3}")
        log.add("issue_link", seen_from_id=waiting.issue_id, link_ref=str(number), blocker_issue_id=other.issue_id,
                blocked_issue_id=waiting.issue_id, edge_type="blocks", provenance="jira_link", confidence=1.0)
    built = build_models(log)
    assert built.one(STATUS, "program_key = 'PAY'")["blocked_count"] == 1
    assert {row["issue_key"] for row in built.rows("mart.dim_issue", "is_blocked")} == {"PAY-3"}
    assert built.one("mart.fct_issue_cycle_time", "issue_key = 'PAY-3'")["blocked_s"] in (0, None)
