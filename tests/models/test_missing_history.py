"""Histories that are missing or cut are told, and lower the confidence in what was made of them."""

import pytest
from built_models import Build
from event_log import EventLog, at


class Archive(EventLog):
    """Issues whose history may be partly or wholly gone; what a reading told of it is written down beside."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.told: dict[str, dict[str, object] | None] = {}

    def history(self, key: str, **told: object) -> None:
        """What ``core.issue_history`` says of an issue."""
        self.told[key] = told

    def rows(self):
        rows = super().rows()
        ids = {issue.issue_id: key for key, issue in self.issues.items()}
        rows["issue_history"] = [
            {**row, **(self.told.get(ids[row["issue_id"]]) or {})}
            for row in rows["issue_history"]
            if self.told.get(ids[row["issue_id"]], {}) is not None
        ]
        return rows


def gaps(built) -> dict[str, str | None]:
    return {row["issue_key"]: row["history_gap"] for row in built.rows("mart.dim_issue")}


def quality(built, rule: str) -> dict[str, tuple[int, int, str | None]]:
    """(failed, total, sample keys) by scope."""
    rows = built.rows("mart.mart_data_quality", f"rule = '{rule}'")
    return {row["scope"]: (row["failed"], row["total"], row["sample_keys"]) for row in rows}


def test_what_is_wrong_with_a_history_is_told_issue_by_issue(build_models: Build) -> None:
    log = Archive()
    board = log.board("B")
    first, second = log.sprint("1", at("03-02"), at("03-16"), board), log.sprint("2", at("03-17"), at("03-31"), board)
    log.issue("PAY-1").move("03-05", "doing").move("03-06", "done")
    log.issue("PAY-2").history.clear()
    log.issue("PAY-3").move("03-05", "doing")
    log.told["PAY-3"] = None
    log.issue("PAY-4").move("03-05", "doing")
    log.history("PAY-4", is_complete=False, history_count=1, reported_count=150)
    log.issue("PAY-5", status="done", resolved_at=at("03-07"))
    log.issue("PAY-6", sprints=[first, second])
    log.issue("PAY-7").move("03-05", "doing").now["status"] = "jira:acme:status:done"
    log.issue("PAY-8", sprints=[first, second], kind="subtask")  # shows the sprints of its parent
    built = build_models(log)
    assert gaps(built) == {
        "PAY-1": None, "PAY-2": None, "PAY-3": "not_read", "PAY-4": "cut", "PAY-5": "contradicted",
        "PAY-6": "contradicted", "PAY-7": "contradicted", "PAY-8": None,
    }  # fmt: skip
    assert quality(built, "history_contradicted") == {"acme:PAY": (3, 8, "PAY-5, PAY-6, PAY-7")}
    assert quality(built, "history_cut") == {"acme:PAY": (1, 8, "PAY-4")}
    assert quality(built, "history_not_read") == {"acme:PAY": (1, 8, "PAY-3")}
    assert quality(built, "history_not_served") == {"acme:PAY": (0, 8, None)}
    followed = built.rows("int.int_sprint_membership", f"issue_id = '{log.issues['PAY-8'].issue_id}'")
    assert [row["precision_seconds"] > 86400 for row in followed] == [True, True], "from when to when, nobody told"
    (row,) = built.rows("int.int_issue_history", "gap = 'cut'")
    assert (row["history_count"], row["reported_count"], row["is_complete"]) == (1, 150, False)


@pytest.mark.parametrize(("status", "resolved", "share"), [("done", "03-07", 0), ("todo", None, 1)])
def test_a_project_without_any_history_is_not_taken_for_one_in_which_nothing_happened(
    build_models: Build, status: str, resolved: str | None, share: float
) -> None:
    """One issue that must have had a history says that the others' silence means nothing either."""
    log = Archive()
    log.program("P", ["PAY"])
    sprint = log.sprint("1", at("03-02"), at("03-16"), log.board("B"))
    log.issue("PAY-1", status=status, sprints=[sprint], resolved_at=resolved and at(resolved))
    log.issue("PAY-2", sprints=[sprint])
    built = build_models(log)
    gap = None if share else "not_served"
    assert gaps(built) == {"PAY-1": gap, "PAY-2": gap}
    assert built.one("mart.mart_program_status", "program_key = 'P'")["complete_history_share"] == share
    velocity = built.one("mart.mart_team_sprint_velocity", "true")
    assert (velocity["sprint_confidence"], velocity["is_approximate"]) == (share, not share)
    expected = (0, 2, None) if share else (2, 2, "PAY-1, PAY-2")
    assert quality(built, "history_not_served") == {"acme:PAY": expected}


def test_a_sprint_that_looks_empty_where_no_history_is_told_is_not_known_to_be(build_models: Build) -> None:
    log = Archive()
    board = log.board("B")
    log.add("board_project", board_id=board, project_id="jira:acme:project:PAY")
    log.sprint("1", at("03-02"), at("03-16"), board)
    log.issue("PAY-1", status="done", resolved_at=at("03-07"))
    row = build_models(log).one("mart.mart_team_sprint_velocity", "true")
    assert (row["sprint_confidence"], row["is_approximate"]) == (0, True)


def test_stays_of_issues_with_a_cut_history_are_not_trusted(build_models: Build) -> None:
    log = Archive()
    sprint = log.sprint("1", at("03-02"), at("03-16"), log.board("B"))
    log.issue("PAY-1").join("03-01", sprint)
    log.issue("PAY-2").join("03-01", sprint)
    log.history("PAY-2", is_complete=False)
    built = build_models(log)
    row = built.one("mart.mart_team_sprint_velocity", "true")
    assert (row["sprint_confidence"], row["is_approximate"]) == (0.5, True)
    assert row["committed_count"] == 2
    unsure = "field = 'sprint' and value is null and precision_seconds > 0"
    (before,) = built.rows("int.int_issue_field_interval", unsure)
    assert before["precision_seconds"] == (at("03-01") - at("02-20")).total_seconds()


def test_an_issue_that_moved_after_it_was_read_is_told_until_it_is_read_again(build_models: Build) -> None:
    """Its history is newer than itself: the next reading has both."""
    log = Archive()
    issue = log.issue("PAY-1").move("03-05", "doing")
    issue.now["status"] = "jira:acme:status:todo"
    log.issue("PAY-2").move("03-05", "doing")
    assert gaps(build_models(log)) == {"PAY-1": "contradicted", "PAY-2": None}
