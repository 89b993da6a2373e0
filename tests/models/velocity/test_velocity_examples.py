"""The worked examples V1 to V11 and V13 of METRICS.md section 2.5, to the last figure."""

from datetime import date, datetime, timedelta

import pytest
from built_models import Build, Built
from event_log import EventLog, at, status_id

START, END = at("03-02T09"), at("03-16T09")
MINE = "mart.mart_team_sprint_velocity"


class Examples(EventLog):
    """Each example has its own board and sprint with the default window; issue keys begin with the example's name."""

    def open(self, name: str, start: datetime = START, end: datetime = END, **columns: object) -> str:
        return self.sprint(name, start, end, self.board(name), **columns)


@pytest.fixture(scope="module")
def told() -> Examples:
    log = Examples()
    one = log.open("V1")
    log.issue("V1-A", 5, sprints=[one]).move("03-05T10", "done")
    log.issue("V1-B", 3, sprints=[one]).move("03-12T15", "done")
    log.issue("V1-C", 8, sprints=[one]).move("03-10", "doing")

    two = log.open("V2")
    log.issue("V2-A", 5, sprints=[two]).estimate("03-04", 8).move("03-06", "done")
    log.issue("V2-B", 3, sprints=[two]).leave("03-09", two)
    log.issue("V2-C", 2).join("03-04T12", two).move("03-11", "done")
    log.issue("V2-D", 13).join("03-04T12", two).leave("03-06T12", two)
    log.issue("V2-F", 5).join("03-10", two)
    log.issue("V2-G", 1, sprints=[two])

    three = log.open("V3")
    log.issue("V3-A", 5, sprints=[three]).move("03-01", "done")
    log.issue("V3-B", 3).move("03-04", "done").join("03-05", three)
    log.issue("V3-C", 2, sprints=[three]).move("03-01", "done").move("03-05", "doing").move("03-09", "done")
    log.issue("V3-F", 8, sprints=[three]).move("03-06", "done").move("03-12", "doing")
    log.issue("V3-G", 1, sprints=[three]).move("03-06", "done").move("03-12", "doing").move("03-18", "done")

    board = log.board("V4")
    first = log.sprint("V4-1", at("03-02"), at("03-16"), board)
    second = log.sprint("V4-2", at("03-16"), at("03-30"), board)
    log.issue("V4-A", 5, sprints=[first]).join("03-16", second).estimate("03-16T01", 3).move("03-20", "done")
    log.issue("V4-B", 3, sprints=[first]).move("03-10", "done")
    log.issue("V4-C", 2).join("03-17", second)

    five = log.open("V5")
    instant = timedelta(microseconds=1)
    log.issue("V5-A", 5).join(START, five).move(END, "done")
    log.issue("V5-B", 3).join(START + instant, five).move(END - instant, "done")
    log.issue("V5-C", 2, sprints=[five]).leave(END, five)

    six = log.open("V6")
    log.issue("V6-A", None, sprints=[six]).move("03-06", "done")
    log.issue("V6-B", 3, sprints=[six])
    log.issue("V6-C", None).join("03-07", six).move("03-08", "done").estimate("03-09", 2)

    eight = log.open("V8")
    log.issue("V8-A", 5, sprints=[eight]).move("03-06", "done")
    log.issue("V8-B", 3, sprints=[eight]).move("03-06", "done", "Won't Do")

    ten = log.open("V10")
    log.issue("V10-A", 5, sprints=[ten]).move("03-10", "done")
    log.issue("V10-B", 3).join(START + timedelta(hours=3), ten).move("03-10", "done")

    eleven = log.open("V11")
    following = log.open("V11-next", END, None)
    log.issue("V11-A", 1, sprints=[eleven]).join(END, following)
    log.issue("V11-B", 1, sprints=[eleven]).swap("03-09", eleven, following)
    log.issue("V11-C", 1, sprints=[eleven]).leave(END - timedelta(seconds=30), eleven)
    log.issue("V11-D", 1, sprints=[eleven]).leave(END - timedelta(seconds=61), eleven)
    log.issue("V11-E", 1, sprints=[eleven]).move("03-05", "done").leave(END - timedelta(seconds=30), eleven)
    return log


@pytest.fixture(scope="module")
def built(told: Examples, build_models: Build) -> Built:
    return build_models(told)


def sprint(built: Built, name: str) -> dict[str, object]:
    return built.one(MINE, f"sprint_name = '{name}'")


def dispositions(built: Built, sprint_name: str) -> dict[str, str]:
    rows = built.rows("mart.fct_sprint_issue", f"sprint_id = 'jira:acme:sprint:{sprint_name}'")
    return {str(row["issue_key"]).partition("-")[2]: row["disposition"] for row in rows}


SPRINTS = {
    "V1": {
        "committed_points": 16, "committed_count": 3, "completed_points": 8, "completed_count": 2,
        "not_completed_points": 8, "say_do_ratio": 0.5,
    },
    "V2": {
        "committed_points": 9, "committed_count": 3, "added_points": 20, "added_count": 3, "removed_points": 16,
        "removed_count": 2, "estimate_change_points": 3, "final_scope_points": 16, "final_scope_count": 4,
        "completed_points": 10, "completed_count": 2, "not_completed_points": 6, "say_do_ratio": 10 / 9,
        "commitment_reliability": 5 / 9,
    },
    "V3": {
        "committed_points": 9, "committed_count": 2, "added_points": 2, "added_count": 1, "completed_points": 2,
        "completed_count": 1, "not_completed_points": 9, "not_completed_count": 2, "completed_outside_points": 8,
        "completed_outside_count": 2, "say_do_ratio": 2 / 9, "commitment_reliability": 0,
    },
    "V4-1": {"committed_points": 8, "completed_points": 3, "not_completed_points": 5, "carry_over_rate": 0.625},
    "V4-2": {
        "committed_points": 5, "added_points": 2, "estimate_change_points": -2, "final_scope_points": 5,
        "completed_points": 3, "carried_in_points": 5,
    },
    "V5": {
        "committed_points": 7, "added_points": 3, "removed_points": 0, "completed_points": 3,
        "not_completed_points": 7,
    },
    "V6": {
        "committed_points": 3, "added_points": 0, "estimate_change_points": 2, "final_scope_points": 5,
        "completed_points": 2, "committed_count": 2, "added_count": 1, "completed_count": 2,
        "unestimated_committed_share": 0.5,
    },
    "V8": {"completed_points": 8, "delivered_points": 5},
    "V10": {
        "committed_points": 5, "added_points": 3, "completed_points": 8, "say_do_ratio": 1.6,
        "commitment_reliability": 1,
    },
}


@pytest.mark.parametrize("name", SPRINTS)
def test_measures_of_a_sprint(built: Built, name: str) -> None:
    row = sprint(built, name)
    assert {measure: row[measure] for measure in SPRINTS[name]} == pytest.approx(SPRINTS[name], abs=1e-12)


@pytest.mark.parametrize(("name", "expected"), [
    ("V2", {
        "A": "completed_committed", "B": "removed_committed", "C": "completed_added", "D": "added_then_removed",
        "F": "not_completed_added", "G": "not_completed_committed",
    }),
    ("V3", {
        "A": "completed_outside", "B": "completed_outside", "C": "completed_added", "F": "not_completed_committed",
        "G": "not_completed_committed",
    }),
    ("V11", {
        "A": "not_completed_committed", "B": "removed_committed", "C": "not_completed_committed",
        "D": "removed_committed", "E": "removed_committed",
    }),
])
def test_disposition_of_each_issue(built: Built, name: str, expected: dict[str, str]) -> None:
    assert dispositions(built, name) == expected


def test_a_carried_over_issue_completes_once(built: Built) -> None:
    assert sprint(built, "V4-1")["completed_points"] + sprint(built, "V4-2")["completed_points"] == 6
    completed = built.rows("mart.fct_sprint_issue", "issue_key = 'V4-A' and completed_count = 1")
    assert [row["sprint_id"] for row in completed] == ["jira:acme:sprint:V4-2"]


def test_scope_events_are_gross(built: Built) -> None:
    rows = built.rows("int.int_sprint_scope_event", "sprint_id = 'jira:acme:sprint:V2'")
    keys = {issue["issue_id"]: issue["issue_key"] for issue in built.rows("int.int_issue")}
    assert sorted((keys[row["issue_id"]], row["kind"], row["scope_delta_points"]) for row in rows) == [
        ("V2-A", "complete", 0), ("V2-A", "re_estimate", 3), ("V2-B", "remove", -3), ("V2-C", "add", 2),
        ("V2-C", "complete", 0), ("V2-D", "add", 13), ("V2-D", "remove", -13), ("V2-F", "add", 5),
    ]


@pytest.mark.parametrize(("basis", "cancelled_is_done", "expected"), [
    ("board_column", False, {"committed_points": 10, "completed_points": 3, "not_completed_points": 7}),
    ("status_category", False, {"committed_points": 10, "completed_points": 8, "not_completed_points": 2}),
    ("status_category", True, {
        "committed_points": 10, "completed_points": 10, "not_completed_points": 0, "delivered_points": 8,
    }),
])
def test_v7_done_basis(build_models: Build, basis: str, cancelled_is_done: bool, expected: dict[str, float]) -> None:
    log = Examples()
    board = log.board("V7", {"todo": 0, "doing": 1, "done": 1, "released": 2})
    seven = log.sprint("V7", START, END, board)
    log.issue("V7-A", 5, sprints=[seven]).move("03-06", "done")
    log.issue("V7-B", 3, sprints=[seven]).move("03-07", "released")
    log.issue("V7-C", 2, sprints=[seven]).move("03-08", "wontdo" if cancelled_is_done else "cancelled", "Won't Do")
    row = sprint(build_models(log, metrics={"sprint": {"done_basis": {"jira": basis}}}), "V7")
    assert {measure: row[measure] for measure in expected} == expected


def test_status_unmapped_at_start_commits_to_nothing(build_models: Build) -> None:
    """METRICS.md 2.2: the row stays, its points count 0 in committed, and the identity I1 still holds."""
    log = Examples()
    name = log.open("U")
    log.issue("U-A", 5, sprints=[name], status="cancelled")
    log.issue("U-B", 3, sprints=[name])
    row = sprint(build_models(log), "U")
    assert (row["committed_points"], row["committed_count"], row["unmapped_at_start_count"]) == (3, 2, 1)
    assert (row["final_scope_points"], row["estimate_change_points"]) == (8, 5)


def test_v9_iteration_across_daylight_saving(build_models: Build) -> None:
    log = EventLog()
    iteration = "github:acme-gh:iteration:F1:I1"
    log.add("sprint", sprint_id=iteration, kind="gh_iteration", name="Iteration 1", source="github",
            start_date=date(2026, 3, 8), end_date=date(2026, 3, 22), duration_days=14.0)
    built = build_models(log, metrics={"time": {"iteration_timezone": "America/New_York"}})
    row = built.one("mart.dim_sprint", f"sprint_id = '{iteration}'")
    assert (row["effective_start_at"], row["effective_end_at"]) == (at("03-08T05"), at("03-22T04"))
    assert row["actual_seconds"] == 335 * 3600


VELOCITIES = (21, 18, 30, 24, 15, 27, 24, 20)


@pytest.fixture(scope="module")
def eight_sprints() -> EventLog:
    log = EventLog()
    board = log.board("V13")
    for number, points in enumerate(VELOCITIES):
        start = START + timedelta(days=14 * number)
        name = log.sprint(f"V13-{number + 1}", start, start + timedelta(days=14), board)
        log.issue(f"V13-{number + 1}-A", points, sprints=[name]).move(start + timedelta(days=3), "done")
    empty = START + timedelta(days=14 * 8)
    log.sprint("V13-empty", empty, empty + timedelta(days=14), board)
    return log


@pytest.mark.parametrize(("rolling_k", "expected"), [
    (8, {
        "velocity_mean_k": 22.375, "velocity_median_k": 22.5, "velocity_stdev_k": 4.8679, "velocity_cv": 0.2176,
        "velocity_range_90_low": 18, "velocity_range_90_high": 27,
    }),
    (3, {"velocity_mean_k": 23.6667}),
    (6, {"velocity_median_k": 24}),
])
def test_v13_statistics(
    build_models: Build, eight_sprints: EventLog, rolling_k: int, expected: dict[str, float]
) -> None:
    built = build_models(eight_sprints, metrics={"sprint": {"rolling_k": rolling_k}})
    for name in ("V13-8", "V13-empty"):  # an empty sprint adds no sample
        row = sprint(built, name)
        assert {measure: row[measure] for measure in expected} == pytest.approx(expected, abs=5e-5)


def test_v13_few_sprints(build_models: Build, eight_sprints: EventLog) -> None:
    built = build_models(eight_sprints)
    assert sprint(built, "V13-2")["velocity_mean_k"] is None
    assert sprint(built, "V13-3")["velocity_mean_k"] == 23
    fifth = sprint(built, "V13-5")
    assert (fifth["velocity_range_90_low"], fifth["velocity_range_90_high"]) == (15, 30)
    assert sprint(built, "V13-4")["velocity_range_90_low"] is None


def test_an_issue_that_is_reopened_as_it_rolls_over_was_reopened_in_the_sprint(build_models: Build) -> None:
    """Leaving at the close is not leaving, so what happens to the issue then moves the scope, and is told."""
    log, instant = Examples(), timedelta(microseconds=1)
    sprint = log.open("R")
    issue = log.issue("R-A", 3, sprints=[sprint]).move("03-01", "done")
    issue.move(END - instant, "doing").leave(END - instant, sprint)
    (row,) = build_models(log).rows("mart.mart_sprint_scope_change")
    assert (row["added_count"], row["final_scope_count"], row["reopen_event_count"]) == (1, 1, 1)


def test_an_active_sprint_is_measured_at_as_of(build_models: Build) -> None:
    """T4 and T10: what happens at as_of itself is visible; what happens later is not."""
    log = Examples()
    name = log.sprint("live", START, None, log.board("live"))
    log.issue("L-A", 5, sprints=[name]).move(END, "done")
    log.issue("L-B", 3, sprints=[name]).move(END + timedelta(microseconds=1), "done")
    row = sprint(build_models(log, as_of=END), "live")
    assert row["is_provisional"]
    assert (row["state"], row["committed_points"], row["completed_points"]) == ("active", 8, 5)


def test_board_columns_are_those_of_the_day(build_models: Build) -> None:
    """A later change of the done column leaves a closed sprint alone; the first reading counts from the beginning."""
    log = Examples()
    board = log.board("moved", seen=[at("03-20")])
    log.columns(board, {"todo": 0, "doing": 1, "done": 1, "released": 2}, at("04-01"))
    first = log.sprint("before", START, END, board)
    second = log.sprint("after", at("04-02"), at("04-16"), board)
    log.issue("M-A", 5, sprints=[first]).move("03-05", "done")
    log.issue("M-B", 3, sprints=[second]).move("04-05", "done")
    built = build_models(log)
    assert status_id("released") in {row["status_id"] for row in built.rows("int.int_board_column_interval")}
    assert sprint(built, "before")["completed_points"] == 5
    assert sprint(built, "after")["completed_points"] == 0
