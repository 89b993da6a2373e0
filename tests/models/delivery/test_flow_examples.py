"""The worked examples F1 to F3 and F5 to F7 of METRICS.md section 3.5; F4, F8 and D1 are in files of their own."""

from datetime import UTC, datetime, timedelta

import pytest
from built_models import Build, Built
from event_log import TRACKER, EventLog, at

WANTED = (
    "+fct_issue_cycle_time", "+fct_time_in_status", "+mart_flow_metrics_daily", "+mart_cfd", "+mart_ageing_wip",
    "+mart_on_time_delivery",
)

DAY = 86400
FLOW = "mart.mart_flow_metrics_daily"


def calendar(log: EventLog, seconds: int = DAY) -> None:
    """Monday to Friday, all day long unless told."""
    for number in range(400):
        day = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)).date()
        working = day.isoweekday() <= 5
        log.add("calendar_day", calendar_id="default", date=day, is_working=working,
                working_seconds=seconds if working else 0, source="config")


def cycle(built: Built, key: str) -> dict[str, object]:
    return built.one("mart.fct_issue_cycle_time", f"issue_key = '{key}'")


def test_f1_reopened(build_models: Build) -> None:
    log = EventLog()
    calendar(log)
    log.issue("F1", created=at("03-02T09")).move("03-03T09", "doing").move("03-05T09", "review").move(
        "03-06T21", "done").move("03-09T09", "doing").move("03-10T09", "done")
    row = cycle(build_models(log), "F1")
    assert {name: row[name] / DAY for name in (
        "lead_time_s", "cycle_time_s", "first_done_cycle_time_s", "in_progress_s", "reopen_gap_s", "business_cycle_s",
    )} == {
        "lead_time_s": 8, "cycle_time_s": 7, "first_done_cycle_time_s": 3.5, "in_progress_s": 4.5,
        "reopen_gap_s": 2.5, "business_cycle_s": 5,
    }
    assert (row["cycle_days_inclusive"], row["reopen_count"], row["is_in_progress_skipped"]) == (8, 1, False)
    assert row["active_time_s"] + row["wait_time_s"] + row["reopen_gap_s"] == row["cycle_time_s"]


def test_f2_flow_efficiency(build_models: Build) -> None:
    log = EventLog()
    log.issue("F2").move("03-02", "doing").set("flagged", "03-03", "Impediment").set(
        "flagged", "03-03T12", None).move("03-04", "review").move("03-05T12", "doing").move("03-06T12", "done")
    row = cycle(build_models(log, metrics={"flow": {"wait_statuses": ["Review"]}}), "F2")
    assert row["active_time_s"] == 2.5 * DAY
    assert row["blocked_in_progress_s"] == 0.5 * DAY
    assert row["flow_efficiency"] == pytest.approx(2.5 / 4.5)


def test_f3_percentiles_by_nearest_rank(build_models: Build) -> None:
    log = EventLog()
    for number, days in enumerate((1, 2, 2, 3, 4, 5, 6, 8, 13, 21)):
        log.issue(f"F3-{number}").move("10-01", "doing").move(at("10-01") + timedelta(days=days), "done")
    log.issue("F3-dropped").move("10-01", "doing").move("10-20", "done", "Won't Do")
    log.issue("F3-epic", kind="epic").move("10-01", "doing").move("10-20", "done")
    built = build_models(log)
    where = "scope_type = 'project' and date = date '{}'"
    row = built.one(FLOW, where.format("2026-11-15"))
    assert [row[f"cycle_time_p{p}_s"] / DAY for p in (50, 85, 95)] == [4, 13, 21]
    assert [row[f"cycle_time_p{p}_cont_s"] / DAY for p in (50, 85, 95)] == pytest.approx([4.5, 11.25, 17.4])
    assert (row["cycle_sample_count"], row["is_low_sample"]) == (10, False)
    before = built.one(FLOW, where.format("2026-10-21"))
    assert (before["cycle_sample_count"], before["cycle_time_p50_s"], before["is_low_sample"]) == (9, None, True)


def test_f3_pace_of_ageing_work(build_models: Build) -> None:
    """An item aged 7 days: as old as 7 of 10 became, and with 2 chances in 3 done within the 85th percentile."""
    log = EventLog()
    for number, days in enumerate((1, 2, 2, 3, 4, 5, 6, 8, 13, 21)):
        log.issue(f"F3-{number}").move("10-01", "doing").move(at("10-01") + timedelta(days=days - 0.5), "review").move(
            at("10-01") + timedelta(days=days), "done")
    for key, days in (("A", 7), ("young", 4), ("orange", 6.5), ("old", 40)):
        log.issue(key).move(datetime(2026, 11, 16, 8, tzinfo=UTC) - timedelta(days=days), "doing")
    built = build_models(log)
    row = built.one("mart.mart_ageing_wip", "issue_key = 'A'")
    assert (row["age_s"], row["pace_percentile"]) == (7 * DAY, 0.7)
    assert row["chance_within_p85"] == pytest.approx(2 / 3)
    assert (row["cohort"], row["cohort_sample_count"], row["status_name"]) == ("project", 10, "Doing")
    assert (row["cohort_p50_s"], row["cohort_p85_s"]) == (4 * DAY, 13 * DAY)
    # Just as old as one became counts as not longer.
    assert built.one("mart.mart_ageing_wip", "issue_key = 'young'")["pace_percentile"] == 0.5
    bands = {row["issue_key"]: row["band"] for row in built.rows("mart.mart_ageing_wip")}
    assert bands == {"A": "orange", "young": "green", "orange": "orange", "old": "red"}
    # All ten left "doing" half a day before they were done: the seven that took up to 6 days within 5.5.
    assert (row["stage_pace_percentile"], row["stage_p85_s"], row["stage_sample_count"]) == (0.7, 12.5 * DAY, 10)
    assert built.one("mart.mart_ageing_wip", "issue_key = 'old'")["chance_within_p85"] is None


def test_ageing_work_is_compared_with_the_nearest_cohort(build_models: Build) -> None:
    log = EventLog()
    team = f"jira:{TRACKER}:team:a"
    log.add("team", team_id=team, name="A")
    for number in range(12):
        mine = {"team_id": team} if number < 11 else {}
        kind = "bug" if number == 0 else "story"
        log.issue(f"D-{number}", kind=kind, **mine).move("10-01", "doing").move("10-03", "done")
    log.issue("story", team_id=team).move("11-10", "doing")
    log.issue("bug", kind="bug", team_id=team).move("11-10", "doing")
    log.issue("free").move("11-10", "doing")
    cohorts = {row["issue_key"]: (row["cohort"], row["cohort_sample_count"])
               for row in build_models(log).rows("mart.mart_ageing_wip")}
    assert cohorts == {"story": ("team and type", 10), "bug": ("team", 11), "free": ("project", 12)}


def test_f5_work_in_progress_of_each_day(build_models: Build) -> None:
    log = EventLog()
    log.issue("F5-1", created=at("03-01T08")).move("03-02T08", "doing").move("03-04T08", "done")
    log.issue("F5-2", created=at("03-01T08")).move("03-03T08", "doing")
    log.issue("F5-3", created=at("03-03T08")).move("03-03T09", "doing").move("03-04T09", "todo").move(
        "03-05T09", "doing")
    built = build_models(log, as_of=at("03-06T12"))
    days = [built.one(FLOW, f"scope_type = 'project' and date = date '2026-03-0{day}'") for day in range(1, 6)]
    assert [row["wip"] for row in days] == [0, 1, 3, 1, 2]
    assert [row["created_1d"] for row in days] == [2, 0, 1, 0, 0]
    assert [row["arrivals_1d"] for row in days] == [0, 1, 2, 0, 0]
    assert [row["throughput_1d"] for row in days] == [0, 0, 0, 1, 0]
    assert [row["throughput_7d"] for row in days] == [0, 0, 0, 1, 1]
    assert [row["throughput_first_done_1d"] for row in days] == [0, 0, 0, 1, 0]
    assert max(row["date"] for row in built.rows(FLOW)) == at("03-05").date()  # today is not over
    diagram = {
        (row["stage"], row["date"].day): (row["cum_entered"], row["stock"])
        for row in built.rows("mart.mart_cfd", "scope_type = 'project' and date >= date '2026-03-01'")
    }
    assert [diagram["todo", day] for day in range(1, 6)] == [(2, 2), (2, 1), (3, 0), (3, 1), (3, 0)]
    assert [diagram["in_progress", day] for day in range(1, 6)] == [(0, 0), (1, 1), (3, 3), (3, 1), (3, 2)]
    assert [diagram["done", day] for day in range(1, 6)] == [(0, 0), (0, 0), (0, 0), (1, 1), (1, 1)]


@pytest.mark.parametrize(("zone", "finished", "expected"), [
    ("UTC", "03-10T23:59:59", True),
    ("UTC", "03-11T00:00", False),
    ("America/New_York", "03-11T03:30", True),
])
def test_f6_on_time_until_the_end_of_the_local_day(
    build_models: Build, zone: str, finished: str, expected: bool
) -> None:
    log = EventLog()
    log.program("PAYMENTS", ["PAY"], timezone=zone)
    log.issue("F6").set("due_date", "03-01", "2026-03-10").move("03-05", "doing").move(finished, "done")
    assert cycle(build_models(log), "F6")["is_on_time"] is expected


def test_f7_slippage(build_models: Build) -> None:
    log = EventLog()
    log.issue("F7").set("due_date", "03-01", "2026-03-10").set("due_date", "03-04", "2026-03-20").set(
        "due_date", "03-06", "2026-03-15").move("03-05", "doing").move("03-16T12", "done")
    log.issue("none").move("03-16T12", "done")
    log.issue("open", due_date=None).set("due_date", "03-01", "2026-05-10").set("due_date", "03-02", "2026-05-20").set(
        "due_date", "03-03", None).set("due_date", "03-04", "2026-05-12")
    built = build_models(log, as_of=at("04-02T12"))
    assert [cycle(built, "open")[name] for name in (
        "due_slip_net_days", "due_slip_gross_days", "due_pull_in_days", "due_change_count", "late_days")] == [
        2, 10, 8, 2, None]
    row = cycle(built, "F7")
    names = ("due_slip_net_days", "due_slip_gross_days", "due_pull_in_days", "due_change_count", "late_days",
             "late_baseline_days")
    assert [row[name] for name in names] == [5, 10, 5, 2, 1, 6]
    assert {cycle(built, "none")[name] for name in names} == {None}
    month = built.one("mart.mart_on_time_delivery", "scope_type = 'program'")
    assert (month["month"], month["planned_count"], month["late_count"], month["on_time_rate"]) == (
        at("03-01").date(), 1, 1, 0.0)
    assert [month[name] for name in names[:4]] == [5, 10, 5, 2]


def test_on_time_counts_what_was_finished_or_due(build_models: Build) -> None:
    """Due in one month and finished in the next counts in both; what is due tomorrow is neither kept nor missed."""
    log = EventLog()
    log.issue("late").set("due_date", "02-21", "2026-02-27").move("03-10", "done")
    log.issue("kept").set("due_date", "02-21", "2026-03-10").move("03-10T23", "done")
    log.issue("missed").set("due_date", "02-21", "2026-03-11")
    log.issue("ahead").set("due_date", "02-21", "2026-03-12")
    log.issue("dropped").set("due_date", "02-21", "2026-03-01").move("03-10", "done", "Won't Do")
    built = build_models(log, as_of=at("03-12T12"))
    names = ("planned_count", "finished_count", "on_time_count", "late_count")
    rows = {
        str(row["month"]): (tuple(row[name] for name in names), row["on_time_rate"])
        for row in built.rows("mart.mart_on_time_delivery", "scope_type = 'project'")
    }
    assert rows == {"2026-02-01": ((1, 1, 0, 1), 0.0), "2026-03-01": ((4, 2, 1, 2), pytest.approx(1 / 3))}


def test_time_in_status(build_models: Build) -> None:
    log = EventLog()
    log.issue("S").move("03-02", "doing").move("03-04", "review").move("03-05", "doing").move("03-09", "done").move(
        "03-11", "doing").move("03-12", "done")
    built = build_models(log, as_of=at("03-15"))
    told = {
        row["status_name"]: (row["visit_count"], row["seconds"] / DAY, row["cycle_seconds"] / DAY, row["is_current"])
        for row in built.rows("mart.fct_time_in_status")
    }
    assert told == {
        "Todo": (1, 10, 0, False), "Doing": (3, 7, 7, False), "Review": (1, 1, 1, False), "Done": (2, 5, 2, True),
    }


def test_expectations_are_those_of_four_weeks_before(build_models: Build) -> None:
    log = EventLog()
    for number in range(10):
        log.issue(f"before-{number}").move("09-01", "doing").move("09-05", "done")
    for number, days in enumerate((1, 4, 5, 9, 9, 9)):
        log.issue(f"since-{number}").move("10-25", "doing").move(at("10-25") + timedelta(days=days), "done")
    row = build_models(log).one(FLOW, "scope_type = 'project' and date = date '2026-11-15'")
    assert (row["cycle_time_p85_s"], row["sle_s"]) == (9 * DAY, 4 * DAY)
    assert row["sle_attainment"] == pytest.approx(1 / 3)
    assert [row[f"{name}_count"] for name in ("feature", "defect", "risk", "debt")] == [16, 0, 0, 0]


def test_flow_distribution(build_models: Build) -> None:
    log = EventLog()
    kinds = (("story", "[]"), ("bug", "[]"), ("incident", "[]"), ("risk", "[]"), ("task", '["Tech-Debt"]'),
             ("task", '["indebted"]'))
    for number, (kind, labels) in enumerate(kinds):
        log.issue(f"X-{number}", kind=kind, labels=labels).move("10-25", "doing").move("10-26", "done")
    row = build_models(log).one(FLOW, "scope_type = 'project' and date = date '2026-11-15'")
    assert [row[f"{name}_count"] for name in ("feature", "defect", "risk", "debt")] == [2, 2, 1, 1]


def test_a_moved_issue_counts_where_it_was(build_models: Build) -> None:
    """T11: stock by the project of the day; the delivery by the project at the finish."""
    log = EventLog()
    new = log.project("WEB")
    log.issue("PAY-1").move("03-02T08", "doing").set("project", "03-04T08", new).move("03-06T08", "done")
    built = build_models(log, as_of=at("03-08T12"))
    wip = {
        project: [row["wip"] for row in sorted(
            built.rows(FLOW, f"scope_id = 'jira:acme:project:{project}' and date >= date '2026-03-02'"),
            key=lambda row: row["date"])]
        for project in ("PAY", "WEB")
    }
    assert wip == {"PAY": [1, 1, 0, 0, 0, 0], "WEB": [0, 0, 1, 1, 0, 0]}
    delivered = built.rows(FLOW, "throughput_1d = 1 and scope_type = 'project'")
    assert [(row["scope_id"], str(row["date"])) for row in delivered] == [(new, "2026-03-06")]
    assert cycle(built, "PAY-1")["project_id"] == new


def test_what_leaves_and_comes_back_counts_once(build_models: Build) -> None:
    """In each project from the first day it was there, and as far as it had got by then."""
    log = EventLog()
    new, old = log.project("WEB"), "jira:acme:project:PAY"
    log.issue("PAY-1").move("03-02T08", "doing").set("project", "03-03T08", new).set("project", "03-05T08", old).move(
        "03-06T08", "done")
    built = build_models(log, as_of=at("03-08T12"))

    def series(project: str, stage: str, column: str) -> list[object]:
        where = f"scope_id = '{project}' and stage = '{stage}' and date >= date '2026-03-01'"
        rows = built.rows("mart.mart_cfd", where)
        return [row[column] for row in sorted(rows, key=lambda row: row["date"])]

    assert [series(old, stage, "cum_entered") for stage in ("todo", "in_progress", "done")] == [
        [1] * 7, [0, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1, 1]]
    assert [series(new, stage, "cum_entered") for stage in ("todo", "in_progress", "done")] == [
        [0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1, 1], [0] * 7]
    assert series(old, "in_progress", "stock") == [0, 1, 0, 0, 1, 0, 0]
    assert series(new, "in_progress", "stock") == [0, 0, 1, 1, 0, 0, 0]


def test_done_without_having_been_started(build_models: Build) -> None:
    log = EventLog()
    log.issue("S").move("03-03", "done")
    row = cycle(build_models(log), "S")
    assert (row["cycle_time_s"], row["is_in_progress_skipped"], row["cycle_days_inclusive"]) == (0, True, 1)


def test_a_move_back_to_todo_restarts_the_other_clock(build_models: Build) -> None:
    log = EventLog()
    log.issue("W").move("03-02", "doing").move("03-04", "todo").move("03-06", "doing").move("03-09", "done")
    built = build_models(log, metrics={"flow": {"cycle_mode": "wipe_on_backward"}})
    row = cycle(built, "W")
    assert [row[name] / DAY for name in ("cycle_time_s", "cycle_time_reset_s", "flow_cycle_time_s")] == [7, 3, 3]
    assert row["wait_time_s"] == 2 * DAY


def test_a_deleted_issue_stops_counting(build_models: Build) -> None:
    """T12: history counts up to the instant it was seen gone, and nothing is delivered by a deletion."""
    log = EventLog()
    gone = {"is_deleted": True, "deleted_observed_at": at("03-04T12"), "deleted_reason": "deleted"}
    log.issue("D", **gone).move("03-02T08", "doing")
    built = build_models(log, as_of=at("03-08T12"))
    rows = sorted(built.rows(FLOW, "scope_type = 'project' and date >= date '2026-03-01'"), key=lambda row: row["date"])
    assert [row["wip"] for row in rows] == [0, 1, 1, 0, 0, 0, 0]
    row = built.one("mart.dim_issue", "issue_key = 'D'")
    assert (row["is_deleted"], row["finished_at"], row["outcome"]) == (True, None, None)
    assert not built.one("mart.dim_issue", "issue_key = 'D'")["is_blocked"]
