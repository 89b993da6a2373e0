"""Sprints keep what vanishes after they ended, and lose what vanishes before (METRICS.md T12)."""

import pytest
from built_models import Build
from event_log import EventLog, at

START, END = at("03-02"), at("03-16")
MINE = "mart.mart_team_sprint_velocity"


def gone(when: str, reason: str = "deleted") -> dict[str, object]:
    return {"is_deleted": True, "deleted_observed_at": at(when), "deleted_reason": reason}


@pytest.mark.parametrize("reason", ["deleted", "permission_lost", "out_of_scope"])
def test_a_closed_sprint_keeps_what_vanished_later(build_models: Build, reason: str) -> None:
    log = EventLog()
    sprint = log.sprint("one", START, END, log.board("one"))
    log.issue("A-1", 5, sprints=[sprint], **gone("03-20", reason)).move("03-10", "done")
    log.issue("A-2", 3, sprints=[sprint], **gone("03-20", reason))
    log.issue("A-3", 8, sprints=[sprint], **gone("03-09", reason))
    row = build_models(log).one(MINE, "true")
    assert (row["committed_points"], row["completed_points"], row["removed_points"]) == (16, 5, 8)
    assert row["not_completed_points"] == 3


def test_the_past_is_as_it_was(build_models: Build) -> None:
    """Seen from a day before it vanished, an issue is there."""
    log = EventLog()
    sprint = log.sprint("one", START, END, log.board("one"))
    log.issue("A-1", 5, sprints=[sprint], **gone("03-09"))
    row = build_models(log, as_of=at("03-08")).one("mart.dim_issue", "true")
    assert (row["is_deleted"], row["deleted_observed_at"]) == (False, None)
    row = build_models(log, as_of=at("03-10")).one("mart.dim_issue", "true")
    assert (row["is_deleted"], row["deleted_observed_at"]) == (True, at("03-09"))


def test_a_transferred_issue_is_in_its_sprint_once(build_models: Build) -> None:
    log = EventLog()
    sprint = log.sprint("one", START, END, log.board("one"))
    new = log.issue("B-9", 5, sprints=[sprint]).move("03-10", "done")
    log.issue("A-1", 5, sprints=[sprint], successor_issue_id=new.issue_id, **gone("03-20", "transferred")).move(
        "03-10", "done"
    )
    built = build_models(log)
    assert built.one(MINE, "true")["completed_points"] == 5
    assert [row["issue_key"] for row in built.rows("mart.dim_issue")] == ["B-9"]
