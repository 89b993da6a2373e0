"""Our account of a sprint beside Jira's own report: what differs is told by issue, with the reason if it shows."""

from datetime import timedelta
from typing import Any

import pytest
from built_models import Build, Built, building
from event_log import TRACKER, EventLog, at

START, END = at("03-02T09"), at("03-16T09")
MARTS = ("+velocity", "+mart_data_quality", "+dim_issue", "+dim_program")
ISSUES = "mart.mart_sprint_reconciliation_issue"


class Reported(EventLog):
    """One sprint of one team, and what Jira reports of it: issue key to (category, added, first, last estimate)."""

    def __init__(self) -> None:
        super().__init__()
        self.of_board = self.board("Alpha")
        self.add("board_project", board_id=self.of_board, project_id=f"jira:{TRACKER}:project:PAY")
        self.one = self.sprint("1", START, END, self.of_board)
        self.lists: dict[str, tuple[str, bool, float | None, float | None]] = {}

    def report(self, field: str = "field_customfield_1", **doctored: Any) -> None:
        """Write the report down, with sums that fit its lists unless they are given."""
        sums = {
            f"{category}_points": sum(last or 0 for kind, _, _, last in self.lists.values() if kind == category)
            for category in ("completed", "not_completed")
        }
        self.add("sprint_report", sprint_id=self.one, board_id=self.of_board, estimate_field=field, **sums | doctored)
        for key, (category, is_added, first, last) in self.lists.items():
            issue_id = self.issues[key].issue_id if key in self.issues else f"jira:{TRACKER}:99999"
            self.add("sprint_report_issue", sprint_id=self.one, issue_id=issue_id, issue_key=key, category=category,
                     is_added=is_added, initial_estimate=first, current_estimate=last)


@pytest.fixture(scope="module")
def reconcile() -> Any:
    with building(*MARTS) as build:
        yield build


def scope_change() -> Reported:
    """Example V2, with an issue done before the start as well."""
    log = Reported()
    one = log.one
    log.issue("A", 5, sprints=[one]).estimate("03-04", 8).move("03-06", "done")
    log.issue("B", 3, sprints=[one]).leave("03-09", one)
    log.issue("C", 2).join("03-04T12", one).move("03-11", "done")
    log.issue("D", 13).join("03-04T12", one).leave("03-06T12", one)
    log.issue("F", 5).join("03-10", one)
    log.issue("G", 1, sprints=[one])
    log.issue("H", 2, sprints=[one]).move("02-27", "done")
    log.lists = {
        "A": ("completed", False, 5, 8), "B": ("punted", False, 3, 3), "C": ("completed", True, 2, 2),
        "D": ("punted", True, 13, 13), "F": ("not_completed", True, 5, 5), "G": ("not_completed", False, 1, 1),
        "H": ("completed_elsewhere", False, 2, 2),
    }  # fmt: skip
    return log


def differing(built: Built) -> dict[str, tuple[Any, ...]]:
    return {row["issue_key"]: (row["our_category"], row["jira_category"], row["reason_key"])
            for row in built.rows(ISSUES)}  # fmt: skip


def test_the_same_account_is_equal(reconcile: Build) -> None:
    log = scope_change()
    log.report()
    built = reconcile(log)
    row = built.one("mart.mart_sprint_reconciliation", "true")
    assert (row["is_reported"], row["is_in_points"], row["is_equal"], row["issue_count"]) == (True, True, True, 7)
    assert (row["our_completed_points"], row["jira_completed_points"], row["jira_completed_count"]) == (10, 10, 2)
    assert (row["our_not_completed_points"], row["jira_not_completed_points"]) == (6, 6)
    assert built.rows(ISSUES) == []
    quality = {row["rule"]: (row["failed"], row["total"]) for row in built.rows("mart.mart_data_quality")}
    assert (quality["sprint_report_missing"], quality["sprint_report_differs"]) == ((0, 1), (0, 1))


def test_each_kind_of_difference_is_told_alone(reconcile: Build) -> None:
    log = scope_change()
    log.lists |= {
        "A": ("completed", False, 5, 5), "C": ("not_completed", True, 2, 2), "F": ("not_completed", False, 5, 5),
        "G": ("not_completed", False, 3, 1),
    }  # fmt: skip
    del log.lists["H"]
    log.report()
    built = reconcile(log)
    flags = ("category", "added", "initial_estimate", "end_estimate")
    told = {row["issue_key"]: [name for name in flags if row[f"is_{name}_different"]] for row in built.rows(ISSUES)}
    assert told == {"A": ["end_estimate"], "C": ["category"], "F": ["added"], "G": ["initial_estimate"],
                    "H": ["category"]}  # fmt: skip
    assert differing(built)["H"] == ("completed_elsewhere", None, None)
    assert differing(built)["G"][2] == "initial_estimate"
    row = built.one("mart.mart_sprint_reconciliation", "true")
    assert (row["is_equal"], row["differing_issue_count"], row["unexplained_issue_count"]) == (False, 5, 4)
    quality = built.one("mart.mart_data_quality", "rule = 'sprint_report_differs'")
    assert (quality["failed"], quality["severity"], quality["sample_keys"]) == (1, "warning", "1")


def test_sums_count_too(reconcile: Build) -> None:
    log = scope_change()
    log.report(completed_points=11)
    row = reconcile(log).one("mart.mart_sprint_reconciliation", "true")
    assert (row["is_equal"], row["differing_issue_count"], row["jira_completed_points"]) == (False, 0, 11)


def test_points_are_not_compared_with_hours_or_counts(reconcile: Build) -> None:
    log = scope_change()
    log.lists = {key: (kind, added, 1.0, 1.0) for key, (kind, added, _, _) in log.lists.items()}
    log.report("issueCount_", completed_points=2)
    row = reconcile(log).one("mart.mart_sprint_reconciliation", "true")
    assert (row["is_equal"], row["is_in_points"], row["jira_completed_points"]) == (True, False, None)


def test_reasons_that_show(reconcile: Build) -> None:
    log = Reported()
    one = log.one
    log.project("WEB")
    log.issue("GRACE", 1, sprints=[one]).leave(END - timedelta(seconds=30), one)
    log.issue("LATE", 1, sprints=[one]).leave(END - timedelta(seconds=90), one)
    log.issue("EARLY", 1, sprints=[one]).leave(END - timedelta(hours=1), one)
    log.issue("SUB", 1, sprints=[one], kind="subtask")
    log.issue("MOVED", 1, sprints=[one]).set("project", "03-20", f"jira:{TRACKER}:project:WEB")
    log.issue("GONE", 1, sprints=[one], is_deleted=True, deleted_observed_at=at("04-01"))
    log.issue("COLUMN", 1, sprints=[one]).move("03-10", "released")
    log.lists = {
        "GRACE": ("punted", False, 1, 1), "LATE": ("not_completed", False, 1, 1),
        "EARLY": ("not_completed", False, 1, 1), "SUB": ("not_completed", False, 1, 1),
        "COLUMN": ("completed", False, 1, 1), "HIDDEN": ("completed", False, 1, 1),
    }  # fmt: skip
    log.report()
    built = reconcile(log)
    assert differing(built) == {
        "GRACE": ("not_completed", "punted", "close_grace"), "LATE": ("punted", "not_completed", "close_grace"),
        "EARLY": ("punted", "not_completed", None), "SUB": (None, "not_completed", "subtask"),
        "MOVED": ("not_completed", None, "not_on_board"), "GONE": ("not_completed", None, "not_visible"),
        "COLUMN": ("not_completed", "completed", "columns"), "HIDDEN": (None, "completed", "not_visible"),
    }  # fmt: skip
    assert all((row["reason"] is None) == (row["reason_key"] is None) for row in built.rows(ISSUES))


def test_a_site_that_refuses_shows_as_missing_and_one_that_is_not_asked_not_at_all(reconcile: Build) -> None:
    assert reconcile(scope_change()).rows("mart.mart_sprint_reconciliation") == []
    log = scope_change()
    log.readings = [{"tracker": TRACKER, "project": "_site", "stream": "sprint_reports", "run_id": "1",
                     "started_at": START, "ended_at": START, "status": "skipped", "reason": "404"}]  # fmt: skip
    built = reconcile(log)
    row = built.one("mart.mart_sprint_reconciliation", "true")
    assert (row["is_reported"], row["is_equal"], row["jira_completed_count"]) == (False, False, None)
    quality = built.one("mart.mart_data_quality", "rule = 'sprint_report_missing'")
    assert (quality["failed"], quality["total"], quality["severity"]) == (1, 1, "info")
