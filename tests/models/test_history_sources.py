"""Histories that are not complete events: GitHub project items, milestones by title, issues without a changelog."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from built_models import Build, Built
from event_log import EventLog, at

WANTED = ("+mart_program_status", "+mart_team_sprint_velocity", "+fct_issue_cycle_time", "+dim_sprint")

GH = "github:acme"
FIELD = "PVTIF_1"
ONE, TWO = f"{GH}:iteration:{FIELD}:1", f"{GH}:iteration:{FIELD}:2"


class Repository(EventLog):
    """A GitHub repository with one project; rows as mapping writes them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.add("project", project_id=f"{GH}:R1", project_key="acme/shop", container_type="gh_repo", source="github")
        self.add("board", board_id=f"{GH}:P1", name="Roadmap", type="gh_project", source="github")
        for name, category in (("open", "todo"), ("in_progress", "in_progress"), ("closed", "done")):
            self.add("status", status_id=f"{GH}:status:{name}", name=name, category=category, source="github")
        for name, category in (("Todo", "todo"), ("Doing", "in_progress"), ("Done", "done")):
            self.add("status", status_id=f"{GH}:status:F:{name}", name=name, category=category, source="github")
        for sprint_id, first in ((ONE, date(2026, 3, 2)), (TWO, date(2026, 3, 16))):
            self.iteration(sprint_id, first)

    def iteration(self, sprint_id: str, first: date, *, shown: bool = True) -> None:
        self.add("sprint", sprint_id=sprint_id, kind="gh_iteration", board_id=f"{GH}:P1", project_id=f"{GH}:P1",
                 name=f"Iteration {first}", start_date=first, end_date=first + timedelta(days=14), source="github")
        if shown:
            self.add("board_sprint", board_id=f"{GH}:P1", sprint_id=sprint_id, source="github")

    def gh_issue(self, number: int, status: str = "open", **columns: Any) -> str:
        issue_id = f"{GH}:I{number}"
        self.add("issue", issue_id=issue_id, issue_key=f"acme/shop#{number}", project_id=f"{GH}:R1", type="task",
                 hierarchy_level=0, status_id=f"{GH}:status:{status}", is_flagged=False, labels="[]",
                 is_deleted=False, **{"created_at": at("02-20"), "updated_at": at("02-20"), **columns})
        self.add("issue_history", issue_id=issue_id, is_complete=True)
        return issue_id

    def event(self, issue_id: str, when: str, field: str, before: str | None, after: str | None) -> None:
        self.add("issue_field_event", issue_id=issue_id, source_event_id=f"E{when}", item_ordinal=0, field=field,
                 from_raw=before, to_raw=after, occurred_at=at(when), provenance="api_event")

    def status(self, issue_id: str, when: str, before: str, after: str) -> None:
        self.event(issue_id, when, "status", f"{GH}:status:{before}", f"{GH}:status:{after}")

    def seen(
        self, issue_id: str, when: str, field: str, value: str | None, updated: str | None = None,
        scope: str = FIELD,
    ) -> None:
        self.add("field_observation", entity_kind="issue", entity_id=issue_id, field=field, scope=scope,
                 observed_at=at(when), value=value, source_updated_at=at(updated) if updated else None)


def history(built: Built, table: str, issue_id: str) -> list[tuple[Any, ...]]:
    """(value, from, provenance) in order."""
    value = {"int_issue_status_interval": "status_id", "int_sprint_membership": "sprint_id"}.get(table, "value")
    rows = sorted(built.rows(f"int.{table}", f"issue_id = '{issue_id}'"), key=lambda row: row["valid_from"])
    return [(str(row[value]).removeprefix(f"{GH}:"), row["valid_from"], row["provenance"]) for row in rows]


def test_github_status_closed_wins_over_the_column(build_models: Build) -> None:
    log = Repository()
    issue = log.gh_issue(1, "closed", resolved_at=at("03-10"))
    log.status(issue, "03-03", "open", "F:Doing")
    log.status(issue, "03-10", "F:Doing", "closed")
    log.seen(issue, "03-20", "status", f"{GH}:status:F:Done", "03-10T00:00:05")
    other = log.gh_issue(2, "open")
    log.seen(other, "03-20", "status", f"{GH}:status:F:Doing", "03-07")
    built = build_models(log)
    assert history(built, "int_issue_status_interval", issue) == [
        ("status:open", at("02-20"), "api_event"), ("status:F:Doing", at("03-03"), "api_event"),
        ("status:closed", at("03-10"), "api_event"),
    ]
    assert history(built, "int_issue_status_interval", other) == [
        ("status:open", at("02-20"), "creation_default"),
        ("status:F:Doing", at("03-07"), "field_value_updated_at"),
    ]
    assert built.one("mart.fct_issue_cycle_time", f"issue_id = '{issue}'")["cycle_time_s"] == 7 * 86400


def test_github_open_issue_in_a_done_column_is_done_but_not_closed(build_models: Build) -> None:
    log = Repository()
    issue = log.gh_issue(1, "F:Done")
    log.status(issue, "03-05", "open", "F:Done")
    rows = build_models(log).rows("int.int_issue_done_interval", f"issue_id = '{issue}' and is_done")
    assert {row["basis_key"] for row in rows} == {"status_category"}


def test_iteration_from_snapshots(build_models: Build) -> None:
    """The first reading dates the value by its own clock; a change is known to the gap between two readings."""
    log = Repository()
    issue = log.gh_issue(1)
    log.seen(issue, "03-04", "sprint", ONE, "03-03")
    log.seen(issue, "03-10T06", "sprint", ONE, "03-03")
    log.seen(issue, "03-10T12", "sprint", TWO, None)
    log.seen(issue, "03-12", "sprint", None, None)
    built = build_models(log)
    rows = {row["sprint_id"]: row for row in built.rows("int.int_sprint_membership")}
    assert (rows[ONE]["valid_from"], rows[ONE]["valid_to"], rows[ONE]["precision_seconds"]) == (
        at("03-03"), at("03-10T12"), 0)
    assert (rows[TWO]["valid_from"], rows[TWO]["valid_to"], rows[TWO]["provenance"]) == (
        at("03-10T12"), at("03-12"), "snapshot_diff")
    assert rows[TWO]["precision_seconds"] == 6 * 3600


def test_iterations_of_two_projects_at_once(build_models: Build) -> None:
    log = Repository()
    other = f"{GH}:iteration:PVTIF_2:1"
    log.iteration(other, date(2026, 3, 9))
    issue = log.gh_issue(1)
    log.seen(issue, "03-04", "sprint", ONE, "03-03")
    log.seen(issue, "03-04", "sprint", other, "03-02", scope="PVTIF_2")
    assert {one for one, _, _ in history(build_models(log), "int_sprint_membership", issue)} == {
        "iteration:PVTIF_1:1", "iteration:PVTIF_2:1"}


def test_an_iteration_keeps_its_members_when_it_gets_a_new_id(build_models: Build) -> None:
    log = Repository()
    renewed = f"{GH}:iteration:{FIELD}:1b"
    log.tables["board_sprint"] = [row for row in log.tables["board_sprint"] if row["sprint_id"] != ONE]
    log.iteration(renewed, date(2026, 3, 2))
    issue = log.gh_issue(1)
    log.seen(issue, "03-04", "sprint", ONE, "03-01")
    log.seen(issue, "03-05", "sprint", renewed, None)
    built = build_models(log)
    (row,) = built.rows("int.int_sprint_membership")
    assert (row["sprint_id"], row["valid_from"], row["valid_to"]) == (renewed, at("03-01"), None)
    assert ONE not in {row["sprint_id"] for row in built.rows("mart.dim_sprint")}


def test_points_of_the_project_hold_where_the_issue_has_none(build_models: Build) -> None:
    log = Repository()
    without, with_ = log.gh_issue(1), log.gh_issue(2, estimate_points=8.0)
    for issue in (without, with_):
        log.seen(issue, "03-04", "estimate_points", "3.0", "03-01")
        log.seen(issue, "03-04", "estimate_points", None, "03-02", scope="PVTF_other")
    points = {row["issue_id"]: row["estimate_points"] for row in build_models(log).rows("mart.dim_issue")}
    assert points == {without: 3, with_: 8}


def test_milestones_of_the_past_are_found_by_title(build_models: Build) -> None:
    """2.3: a milestone begins where the one before it ended, and ends when it was closed or due."""
    log = Repository()
    for number, due, closed in ((1, date(2026, 3, 2), at("03-03")), (2, date(2026, 3, 16), None)):
        log.add("sprint", sprint_id=f"{GH}:M{number}", kind="gh_milestone", project_id=f"{GH}:R1", name=f"v{number}",
                end_date=due, completed_at=closed, created_at=at("02-01"), source="github",
                state="closed" if closed else None)
    issue = log.gh_issue(1)
    log.event(issue, "02-25", "sprint", None, "title:v1")
    log.event(issue, "03-09", "sprint", "title:v1", f"{GH}:M2")
    log.add("issue_sprint", issue_id=issue, sprint_id=f"{GH}:M2", source="github")
    built = build_models(log)
    assert history(built, "int_sprint_membership", issue) == [
        ("M1", at("02-25"), "api_event"), ("M2", at("03-09"), "api_event")]
    second = built.one("mart.dim_sprint", "name = 'v2'")
    assert (second["effective_start_at"], second["effective_end_at"]) == (at("03-03"), at("03-16"))


def test_a_done_issue_without_history_was_done_when_it_was_resolved(build_models: Build) -> None:
    log = EventLog()
    issue = log.issue("OLD-1", status="done", resolved_at=at("03-05"))
    built = build_models(log)
    rows = sorted(built.rows("int.int_issue_status_interval"), key=lambda row: row["valid_from"])
    assert [(row["status_id"], row["category"], row["valid_from"], row["provenance"]) for row in rows] == [
        (None, "unmapped", issue.created_at, "creation_default"),
        ("jira:acme:status:done", "done", at("03-05"), "creation_default"),
    ]
    assert built.one("mart.dim_issue", "true")["finished_at"] == at("03-05")


def test_sprints_without_history_follow_each_other(build_models: Build) -> None:
    """The present list tells which sprints, not when: in each one since the one before ended."""
    log = EventLog()
    board = log.board("B")
    first = log.sprint("1", at("03-02"), at("03-16"), board)
    second = log.sprint("2", at("03-17"), at("03-31"), board)
    log.issue("OLD-1", 3, sprints=[second, first])
    built = build_models(log)
    rows = sorted(built.rows("int.int_sprint_membership"), key=lambda row: row["valid_from"])
    assert [(row["sprint_id"], row["valid_from"], row["valid_to"]) for row in rows] == [
        (first, at("02-20"), None), (second, at("03-16"), None)]


@pytest.mark.parametrize(("complete", "confidence"), [(True, 1), (False, 0)])
def test_unknown_membership_lowers_the_confidence(build_models: Build, complete: bool, confidence: float) -> None:
    log = EventLog()
    sprint = log.sprint("1", at("03-02"), at("03-16"), log.board("B"))
    log.issue("OLD-1", 3, sprints=[sprint])
    rows = log.rows()
    rows["issue_history"] = [{**row, "is_complete": complete} for row in rows["issue_history"]]
    log.rows = lambda: rows  # type: ignore[method-assign]
    assert build_models(log).one("mart.mart_team_sprint_velocity", "true")["sprint_confidence"] == confidence


@pytest.mark.parametrize(("first_reading", "confidence"), [("02-28", 1), ("03-10", 0.5), ("03-20", 0.5)])
def test_an_iteration_that_nobody_watched_is_approximate(
    build_models: Build, first_reading: str, confidence: float
) -> None:
    """Iteration one begins on 2 March. Of the second issue nobody knows where it was before the first reading."""
    log = Repository()
    member, other = log.gh_issue(1), log.gh_issue(2)
    log.seen(member, first_reading, "sprint", ONE, "02-20T01")
    log.seen(other, first_reading, "sprint", None)
    built = build_models(log, as_of=at("03-25"))
    row = built.one("mart.mart_team_sprint_velocity", f"sprint_id = '{ONE}'")
    assert (row["sprint_confidence"], row["is_approximate"]) == (confidence, confidence < 0.8)
    assert row["committed_count"] == 1


def test_an_issue_that_came_to_its_iteration_late_may_have_been_in_the_one_before(build_models: Build) -> None:
    """Carried over at the turn: what it was not completed in has forgotten it, and says so."""
    log = Repository()
    log.program("SHOP", [])
    log.tables["program_project"].append({
        "program_id": "program:SHOP", "project_ref": "acme:acme/shop", "valid_from": date(1970, 1, 1), "weight": 1.0,
    })
    done, carried = log.gh_issue(1, "closed", resolved_at=at("03-10")), log.gh_issue(2)
    log.status(done, "03-10", "open", "closed")
    log.seen(done, "03-20", "sprint", ONE, "02-20T01")
    log.seen(carried, "03-20", "sprint", TWO, "03-16")
    built = build_models(log, as_of=at("03-25"))
    row = built.one("mart.mart_team_sprint_velocity", f"sprint_id = '{ONE}'")
    assert (row["say_do_ratio_count"], row["sprint_confidence"], row["is_approximate"]) == (1, 0.5, True)
    status = built.one("mart.mart_program_status", "program_key = 'SHOP'")
    assert (status["sprint_count"], status["commitment_reliability"], status["predictability_rag"]) == (0, None, "grey")


@pytest.mark.parametrize("as_of", [at("03-04"), at("03-06"), at("11-16")])
def test_what_happens_after_as_of_is_invisible(build_models: Build, as_of: datetime) -> None:
    log = EventLog()
    log.issue("T", 3).move("03-05", "doing").estimate("03-05", 5).move("03-07", "done")
    row = build_models(log, as_of=as_of).one("mart.dim_issue", "true")
    expected = {at("03-04"): ("todo", 3), at("03-06"): ("in_progress", 5), at("11-16"): ("done", 5)}[as_of]
    assert (row["status_category"], row["estimate_points"]) == expected
    assert (row["finished_at"] is not None) == (expected[0] == "done")


def test_the_last_write_at_an_instant_wins(build_models: Build) -> None:
    """T3: entry ids are numbers, and 999 comes before 1000; writing the same value again changes nothing."""
    log = EventLog()
    issue = log.issue("T", 1)
    for entry, points in (("1000", 8), ("999", 5), ("1001", 8)):
        log.add("issue_field_event", issue_id=issue.issue_id, source_event_id=entry, item_ordinal=0,
                field="estimate_points", from_raw="1", to_raw=str(points), provenance="api_event",
                occurred_at=at("03-05") if entry != "1001" else at("03-06"))
    rows = build_models(log).rows("int.int_issue_field_interval", "field = 'estimate_points'")
    assert sorted((row["valid_from"], row["value"]) for row in rows) == [(at("02-20"), "1"), (at("03-05"), "8")]
