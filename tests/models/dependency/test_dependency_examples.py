"""The worked examples G4 to G8 of METRICS.md section 4.5, and what may be wrong with links."""

from datetime import timedelta
from typing import Any

import pytest
from built_models import Build, Built
from dependency_links import Links
from event_log import at

DAY = 86400
RISK = "mart.mart_dependency_risk"


def edges(built: Built, where: str = "true") -> set[tuple[str, str]]:
    return {(row["blocker_key"], row["blocked_key"]) for row in built.rows("int.int_dependency_edge", where)}


def test_g4_blocked_days_are_a_union(build_models: Build) -> None:
    log = Links()
    issue = log.issue("ABC-1", created=at("03-02")).set("flagged", "03-03", "Impediment").set("flagged", "03-06", None)
    one = log.issue("ABC-2", created=at("03-02")).move("03-12", "done")
    two = log.issue("ABC-3", created=at("03-02"))
    log.link(issue, one, issue)
    log.link_event(issue, "03-05", "is blocked by", one)
    log.link_event(issue, "03-10", "is blocked by", two)
    log.link_event(issue, "03-11", "is blocked by", two, added=False)
    issue.move("03-20", "done")
    built = build_models(log)
    assert built.one("int.int_issue_cycle", "issue_key = 'ABC-1'")["blocked_s"] == 9 * DAY
    assert edges(built, "valid_to is not null") == {("ABC-3", "ABC-1")}


def test_g5_conflict_days(build_models: Build) -> None:
    log = Links()
    board = log.board("team")
    sprint = log.sprint("next", at("03-16"), None, board, state="future", planned_end_at=at("03-30"))
    blocker = log.issue("ABC-1", created=at("03-01")).set("due_date", "03-02", "2026-03-20")
    blocked = log.issue("ABC-2", created=at("03-01")).join("03-03", sprint)
    log.link(blocked, blocker, blocked)
    row = build_models(log, as_of=at("03-10")).one(RISK, "true")
    assert (row["planned_finish_at"], row["planned_finish_basis"]) == (at("03-21"), "due_date")
    assert (row["planned_start_at"], row["planned_start_basis"]) == (at("03-16"), "sprint")
    assert (row["schedule_conflict"], row["conflict_days"]) == (True, 5)
    assert (row["is_on_critical_path"], row["severity"]) == (True, 3)
    assert not row["is_overdue"]


def test_g6_one_edge_however_often_it_is_seen(build_models: Build) -> None:
    log = Links()
    k, x, y, z = (log.issue(f"ABC-{name}") for name in "1234")
    log.link(k, k, x, ref="link-1")
    log.link(x, k, x, ref="link-1")
    log.link(k, y, k, ref="link-2")
    log.link(k, z, k, ref="link-3")
    built = build_models(log)
    assert sorted((row["blocker_key"], row["blocked_key"]) for row in built.rows("int.int_dependency_edge")) == [
        ("ABC-1", "ABC-2"), ("ABC-3", "ABC-1"), ("ABC-4", "ABC-1"),
    ]
    assert {(row["blocker_key"], row["blocker_fan_out"], row["blocked_fan_in"]) for row in built.rows(RISK)} == {
        ("ABC-1", 1, 1), ("ABC-3", 1, 2), ("ABC-4", 1, 2),
    }


def test_g7_a_text_names_only_projects_we_know(build_models: Build) -> None:
    log = Links()
    log.project("ABC")
    log.issue("ABC-12", project="ABC")
    issue = log.issue("PAY-1")
    log.link(issue, "ABC-12", issue, ref="text:1", provenance="text_phrase", confidence=0.7)
    log.link(issue, "DEF-3", issue, ref="text:2", provenance="text_phrase", confidence=0.2, edge_type="mentions")
    log.link(issue, "ABC-12", issue, ref="text:3", provenance="text_phrase", confidence=0.2, edge_type="mentions")
    row = build_models(log).one("int.int_dependency_edge", "is_counted")
    assert (row["blocker_key"], row["blocked_key"], row["confidence"]) == ("ABC-12", "PAY-1", 0.7)
    assert (row["is_cross_project"], row["blocker_is_placeholder"]) == (True, False)
    assert edges(build_models(log)) == {("ABC-12", "PAY-1")}


def test_g8_a_finished_blocker_blocks_nothing(build_models: Build) -> None:
    log = Links()
    blocker, other, blocked = log.issue("ABC-1"), log.issue("ABC-2"), log.issue("ABC-3")
    log.link(blocked, blocker, blocked, ref="1")
    log.link(blocked, other, blocked, ref="2")
    blocker.move("03-10", "done")
    assert {(row["blocker_key"], row["blocked_fan_in"]) for row in build_models(log).rows(RISK)} == {("ABC-2", 1)}


def test_an_invisible_blocker_is_a_placeholder_that_stays_open(build_models: Build) -> None:
    log = Links()
    issue = log.issue("PAY-1")
    log.link(issue, "SECRET-7", issue)
    row = build_models(log).one(RISK, "true")
    assert (row["blocker_key"], row["blocker_is_placeholder"], row["blocker_category"]) == ("SECRET-7", True, None)
    assert row["is_cross_project"] is None, "nobody knows where it is"


@pytest.mark.parametrize(("provenance", "expected"), [("text_phrase", False), ("jira_link", True)])
def test_pull_requests_are_no_blockers(build_models: Build, provenance: str, expected: bool) -> None:
    log = Links()
    issue = log.issue("PAY-1")
    log.add("project", project_id="github:gh:R1", project_key="acme/shop", source="github", container_type="gh_repo")
    log.add("pull_request", pr_id="github:gh:PR1", pr_key="acme/shop#7", source="github")
    log.link(issue, "acme/shop#7", issue, ref="1", provenance=provenance, confidence=0.7)
    log.link(issue, "acme/shop#8", issue, ref="2", provenance="text_phrase", confidence=0.7)
    assert edges(build_models(log)) == {("acme/shop#8", "PAY-1")}, expected


def test_a_key_in_another_tracker_must_be_the_only_one(build_models: Build) -> None:
    log = Links()
    issue = log.issue("PAY-1")
    for number, tracker in enumerate(("one", "two")):
        log.issue("OPS-1", instance=tracker, project=f"OPS{number}")
        log.issues[f"OPS-1 in {tracker}"] = log.issues.pop("OPS-1")
    only = log.issue("WEB-1", instance="two")
    log.link(issue, "OPS-1", issue, ref="1")
    log.link(issue, "web-1", issue, ref="2")
    rows = build_models(log).rows("int.int_dependency_edge")
    assert {(row["blocker_issue_id"], row["blocker_is_placeholder"], row["is_cross_tracker"]) for row in rows} == {
        ("unknown:OPS-1", True, None), (only.issue_id, False, True),
    }


def test_an_old_key_still_leads_to_the_issue(build_models: Build) -> None:
    log = Links()
    moved, issue = log.issue("WEB-9"), log.issue("PAY-2")
    log.add("issue_key_alias", issue_key="PAY-1", issue_id=moved.issue_id, is_current=False)
    log.link(issue, "PAY-1", issue)
    assert edges(build_models(log)) == {("WEB-9", "PAY-2")}


def test_a_link_made_after_as_of_is_invisible(build_models: Build) -> None:
    log = Links()
    blocker, blocked = log.issue("ABC-1"), log.issue("ABC-2")
    log.link(blocked, blocker, blocked)
    log.link_event(blocked, "05-05", "is blocked by", blocker)
    log.link_event(blocker, "05-05", "blocks", blocked)
    assert edges(build_models(log, as_of=at("05-04"))) == set()
    row = build_models(log).one(RISK, "true")
    assert (row["active_since"], row["is_backfilled"]) == (at("05-05"), False)


def test_self_loops_and_weak_links_do_not_count(build_models: Build) -> None:
    log = Links()
    one, two = log.issue("ABC-1"), log.issue("ABC-2")
    log.link(one, one, one, ref="1")
    log.link(one, two, one, ref="2", provenance="jira_remote_link", confidence=0.4)
    log.link(one, one, two, ref="3", edge_type="relates")
    built = build_models(log)
    assert edges(built) == {("ABC-1", "ABC-1"), ("ABC-2", "ABC-1"), ("ABC-1", "ABC-2")}
    assert edges(built, "is_counted") == set()
    assert built.rows(RISK) == []


@pytest.mark.parametrize(("sequential", "severity"), [(True, 3), (False, 1)])
def test_two_issues_of_one_sprint(build_models: Build, sequential: bool, severity: int) -> None:
    log = Links()
    sprint = log.sprint("now", at("03-02"), None, log.board("team"))
    blocker, blocked = log.issue("ABC-1", sprints=[sprint]), log.issue("ABC-2", sprints=[sprint])
    log.link(blocked, blocker, blocked)
    built = build_models(log, as_of=at("03-05"), metrics={"dependency": {"sequential": sequential}})
    row = built.one(RISK, "true")
    assert (row["same_sprint"], row["later_sprint"], row["severity"]) == (True, False, severity)


def test_late_stale_and_between_programs(build_models: Build) -> None:
    log = Links()
    log.project("WEB")
    log.program("ONE", ["PAY"])
    log.program("TWO", ["WEB"])
    blocker = log.issue("PAY-1").set("due_date", "03-01", "2026-03-10")
    blocked = log.issue("WEB-1", project="WEB").set("due_date", "03-01", "2026-03-09")
    log.link(blocked, blocker, blocked)
    for as_of, overdue, stale, severity in (
        (at("03-11") - timedelta(microseconds=1), False, False, 1),
        (at("03-11"), True, False, 3),
        (at("03-16"), True, True, 3),
    ):
        row: dict[str, Any] = build_models(log, as_of=as_of).one(RISK, "true")
        assert (row["is_overdue"], row["is_stale"], row["severity"]) == (overdue, stale, severity)
        assert (row["is_cross_program"], row["due_inversion"]) == (True, True)
