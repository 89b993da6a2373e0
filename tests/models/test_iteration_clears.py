"""Values that an edit of the iterations took from many issues at once were not taken out by people."""

import json
from datetime import date
from typing import Any

import pytest
from built_models import Build, Built
from event_log import at
from test_history_sources import FIELD, GH, ONE, TWO, Repository

WANTED = ("+mart_team_sprint_velocity", "+mart_data_quality", "+int_observed_interval")

BOARD = f"{GH}:P1"
RENEWED = f"{GH}:iteration:{FIELD}:1b"


class Roadmap(Repository):
    """A project that was read again and again; ``read`` is one reading of some of its issues."""

    def listed(self, when: str, *iterations: str) -> None:
        """The iterations the project lists from a reading on."""
        self.add("field_observation", entity_kind="board", entity_id=BOARD, field="iterations", scope=FIELD,
                 observed_at=at(when), value=json.dumps(sorted(iterations)), source="github")

    def read(
        self, issue: str, when: str, value: str | None, before: str | None = None, set_at: str | None = None
    ) -> None:
        """The value an issue has at a reading; ``before``: the reading before that one."""
        self.seen(issue, when, "sprint", value, set_at)
        self.tables["field_observation"][-1]["previous_read_at"] = at(before) if before else None


def memberships(built: Built, issue: str) -> list[tuple[Any, ...]]:
    rows = sorted(built.rows("int.int_sprint_membership", f"issue_id = '{issue}'"), key=lambda row: row["valid_from"])
    return [(row["sprint_id"], row["valid_from"], row["valid_to"], row["provenance"]) for row in rows]


@pytest.fixture
def roadmap() -> Roadmap:
    log = Roadmap()
    log.listed("02-25", ONE, TWO)
    return log


def test_a_closed_iteration_keeps_its_members_when_its_id_vanishes(build_models: Build, roadmap: Roadmap) -> None:
    """Read on 15 and on 20 March; in between the list was edited, after iteration one had ended."""
    done, other = roadmap.gh_issue(1, "closed", resolved_at=at("03-10")), roadmap.gh_issue(2)
    roadmap.status(done, "03-10", "open", "closed")
    for issue in (done, other):
        roadmap.read(issue, "02-25T01", ONE, set_at="02-24")
    roadmap.listed("03-20", TWO)
    for issue in (done, other):
        roadmap.read(issue, "03-20T01", None, before="03-19")
    built = build_models(roadmap, as_of=at("03-25"))
    assert memberships(built, done) == [(ONE, at("02-24"), None, "kept_after_clear")]
    row = built.one("mart.mart_team_sprint_velocity", f"sprint_id = '{ONE}'")
    assert (row["committed_count"], row["completed_count"], row["removed_count"]) == (2, 1, 0)
    assert (row["sprint_confidence"], row["is_approximate"]) == (1, False), "it was over before anything was cleared"
    rows = built.rows("mart.mart_data_quality", "rule = 'membership_kept_after_clear'")
    assert [(row["scope"], row["failed"], row["sample_keys"]) for row in rows] == [
        (BOARD, 2, "acme/shop#1, acme/shop#2")]
    kept = built.rows("int.int_issue_field_interval", f"issue_id = '{done}' and provenance = 'kept_after_clear'")
    assert [(row["value"], row["valid_from"], row["precision_seconds"]) for row in kept] == [
        (ONE, at("03-20T01"), 25 * 3600)]


def test_an_iteration_under_way_keeps_its_members_too_and_says_it_is_not_sure(
    build_models: Build, roadmap: Roadmap
) -> None:
    """All ids are new on 6 March; one issue was planned anew for the same days, the other was not (yet)."""
    planned, waiting = roadmap.gh_issue(1), roadmap.gh_issue(2)
    for issue in (planned, waiting):
        roadmap.read(issue, "02-25T01", ONE, set_at="02-24")
    roadmap.tables["board_sprint"] = [row for row in roadmap.tables["board_sprint"] if row["sprint_id"] == TWO]
    roadmap.iteration(RENEWED, date(2026, 3, 2))
    roadmap.listed("03-06", RENEWED, TWO)
    for issue in (planned, waiting):
        roadmap.read(issue, "03-06T01", None, before="03-05")
    roadmap.read(planned, "03-06T02", RENEWED, before="03-06T01", set_at="03-06T01:30:00")
    built = build_models(roadmap, as_of=at("03-25"))
    for issue in (planned, waiting):
        assert memberships(built, issue) == [(RENEWED, at("02-24"), None, "kept_after_clear")]
    row = built.one("mart.mart_team_sprint_velocity", f"sprint_id = '{RENEWED}'")
    assert (row["committed_count"], row["added_count"], row["removed_count"]) == (2, 0, 0)
    assert row["is_approximate"]


def test_an_issue_that_moves_on_after_the_clear_leaves_then(build_models: Build, roadmap: Roadmap) -> None:
    issue = roadmap.gh_issue(1)
    roadmap.read(issue, "02-25T01", ONE, set_at="02-24")
    roadmap.listed("03-06", TWO)
    roadmap.read(issue, "03-06T01", None, before="03-05")
    roadmap.read(issue, "03-08", TWO, before="03-07", set_at="03-07T12")
    assert memberships(build_models(roadmap, as_of=at("03-25")), issue) == [
        (ONE, at("02-24"), at("03-07T12"), "kept_after_clear"),
        (TWO, at("03-07T12"), None, "field_value_updated_at"),
    ]


@pytest.mark.parametrize("case", ["no edit", "edit at another reading", "still listed", "not begun"])
def test_what_a_person_took_out_stays_out(build_models: Build, roadmap: Roadmap, case: str) -> None:
    removed, stays = roadmap.gh_issue(1), roadmap.gh_issue(2)
    sprint = TWO if case == "not begun" else ONE
    for issue in (removed, stays):
        roadmap.read(issue, "02-25T01", sprint, set_at="02-24")
    if case == "edit at another reading":
        roadmap.listed("03-04", TWO)
    elif case == "still listed":
        roadmap.listed("03-06", ONE, TWO, RENEWED)
    elif case == "not begun":
        roadmap.listed("03-06", ONE)
    roadmap.read(removed, "03-06T01", None, before="03-05")
    built = build_models(roadmap, as_of=at("03-25"))
    assert memberships(built, removed) == [(sprint, at("02-24"), at("03-06T01"), "field_value_updated_at")]


def test_all_members_lost_at_once_were_cleared_even_if_the_iteration_is_still_listed(
    build_models: Build, roadmap: Roadmap
) -> None:
    issues = [roadmap.gh_issue(number) for number in (1, 2)]
    for issue in issues:
        roadmap.read(issue, "02-25T01", ONE, set_at="02-24")
    roadmap.listed("03-06", ONE, TWO, RENEWED)
    for issue in issues:
        roadmap.read(issue, "03-06T01", None, before="03-05")
    built = build_models(roadmap, as_of=at("03-25"))
    assert [memberships(built, issue)[0][2:] for issue in issues] == [(None, "kept_after_clear")] * 2


def test_of_two_projects_only_the_edited_one_was_cleared(build_models: Build, roadmap: Roadmap) -> None:
    elsewhere = f"{GH}:iteration:PVTIF_2:9"
    roadmap.iteration(elsewhere, date(2026, 3, 9))
    issue = roadmap.gh_issue(1)
    roadmap.read(issue, "02-25T01", ONE, set_at="02-24")
    roadmap.seen(issue, "02-25T02", "sprint", elsewhere, "02-24", scope="PVTIF_2")
    roadmap.listed("03-06", TWO)
    roadmap.read(issue, "03-06T01", None, before="03-05")
    roadmap.seen(issue, "03-06T02", "sprint", None, scope="PVTIF_2")
    ends = {one[0]: one[2] for one in memberships(build_models(roadmap, as_of=at("03-25")), issue)}
    assert ends == {ONE: None, elsewhere: at("03-06T02")}


def test_planned_dates_that_were_moved_have_a_history_as_precise_as_we_read(build_models: Build) -> None:
    log = Repository()
    sprint = f"{GH}:M1"
    for when, value, before, updated in (
        ("03-01", "2026-03-31", None, "02-01"), ("03-05", "2026-04-07", "03-04", "03-04T06"),
        ("03-09", "2026-04-14", "03-08", None),
    ):  # fmt: skip
        log.add("field_observation", entity_kind="release_version", entity_id=sprint, field="release_date",
                observed_at=at(when), value=value, source="github", source_updated_at=updated and at(updated),
                previous_read_at=before and at(before))
    rows = sorted(build_models(log).rows("int.int_observed_interval"), key=lambda row: row["valid_from"])
    assert [(row["value"], row["valid_to"], row["provenance"], row["precision_seconds"]) for row in rows] == [
        ("2026-03-31", at("03-04T06"), "creation_default", None),
        ("2026-04-07", at("03-09"), "field_value_updated_at", 6 * 3600),
        ("2026-04-14", None, "snapshot_diff", 86400),
    ]
    assert [row["is_backfilled"] for row in rows] == [True, False, False]
