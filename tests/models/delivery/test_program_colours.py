"""Colours of schedule and cost, each with its reason (METRICS.md sections 3.2, 5.1 and 5.4; examples M1 and R3)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from built_models import Build, Built
from event_log import TRACKER, EventLog, at

WANTED = ("+mart_program_status",)
STATUS = "mart.mart_program_status"
NOW = datetime.fromisoformat("2026-06-30T12:00:00+00:00")


SURE = {"forecast": {"trials": 10_000}}
"""So many that chance does not move a percentile of the example."""


def in_days(days: int) -> date:
    return (NOW + timedelta(days=days)).date()


def of(built: Built, key: str = "ONE") -> dict[str, Any]:
    return built.one(STATUS, f"program_key = '{key}'")


def history(log: EventLog, version: str | None = None, *, left: int = 2, project: str = "PAY") -> None:
    """Example M1: nothing, nothing, two, for three months; two are left. P50 is 2 days, P85 5."""
    for number in range(60 + left):
        issue = log.issue(f"{project}-{number}", created=at("02-21"), project=project)
        if version:
            issue.set("fix_version", "02-22", version)
        if number < 60:
            issue.move(NOW - timedelta(days=3 * (number // 2) + 1), "done")


def release(log: EventLog, name: str, target: date | None, *, archived: bool = False) -> str:
    version_id = f"jira:{TRACKER}:version:{name}"
    log.add("release_version", version_id=version_id, project_id=f"jira:{TRACKER}:project:PAY", name=name,
            kind="jira_version", released=False, archived=archived, release_date=target)
    return version_id


# --- Schedule


DATES = {
    "SURE": (5, "green", "due by 2026-07-05: 85 % sure by 2026-07-05"),
    "FAIR": (4, "amber", "due by 2026-07-04: as likely as not by 2026-07-02, 85 % sure by 2026-07-05"),
    "EVEN": (2, "amber", "due by 2026-07-02: as likely as not by 2026-07-02, 85 % sure by 2026-07-05"),
    "LATE": (1, "red", "due by 2026-07-01: as likely as not by 2026-07-02, 85 % sure by 2026-07-05"),
}


def test_a_program_is_as_green_as_its_date(build_models: Build) -> None:
    log = EventLog()
    for key, days in [("NONE", None), *((key, days) for key, (days, _, _) in DATES.items())]:
        log.project(key)
        log.program(key, [key], target_date=None if days is None else in_days(days))
        history(log, project=key)
    built = build_models(log, as_of=NOW, metrics=SURE)
    for key, (days, colour, reason) in DATES.items():
        row = of(built, key)
        assert (row["schedule_rag"], row["schedule_reason"]) == (colour, f"the program is {reason}")
        assert row["overall_rag"] == colour
        assert (row["p50_date"], row["p85_date"]) == (in_days(2), in_days(5))
        assert f"; 85 % sure by 2026-07-05, target {in_days(days)}" in row["headline"]
    row = of(built, "NONE")
    assert (row["schedule_rag"], row["overall_rag"], row["p85_date"]) == ("grey", "green", in_days(5))
    assert row["schedule_reason"] == "neither the program nor an open release has a date"


def test_the_worst_date_decides_and_is_named(build_models: Build) -> None:
    log = EventLog()
    log.program("ONE", ["PAY"], target_date=in_days(60))
    release(log, "empty", in_days(1))
    release(log, "v0", in_days(-9), archived=True)
    history(log, release(log, "v1", in_days(1)))
    row = of(build_models(log, as_of=NOW, metrics=SURE))
    assert row["schedule_rag"] == "red"
    assert row["schedule_reason"] == (
        "PAY v1 is due by 2026-07-01: as likely as not by 2026-07-02, 85 % sure by 2026-07-05")


def test_several_dates_in_danger_are_counted(build_models: Build) -> None:
    log = EventLog()
    log.program("ONE", ["PAY"], target_date=in_days(1))
    history(log, release(log, "v1", in_days(3)))
    row = of(build_models(log, as_of=NOW))
    assert row["schedule_reason"].startswith("the program is due by 2026-07-01")
    assert row["schedule_reason"].endswith("; 1 more in danger")


def test_without_a_forecast_the_reason_says_what_is_missing(build_models: Build) -> None:
    log = EventLog()
    log.program("ONE", ["PAY"], target_date=in_days(9))
    log.issue("S-1", created=at("02-21")).move("06-20", "done")
    log.issue("S-2", created=at("02-21"))
    row = of(build_models(log, as_of=NOW))
    assert (row["schedule_rag"], row["schedule_reason"]) == ("grey", (
        "the program is due by 2026-07-09: no forecast (1 items delivered in 84 days, at least 10 are needed)"))


def test_who_is_done_is_not_late(build_models: Build) -> None:
    log = EventLog()
    log.program("ONE", ["PAY"], target_date=in_days(-9))
    history(log, left=0)
    row = of(build_models(log, as_of=NOW))
    assert (row["schedule_rag"], row["schedule_reason"]) == ("green", "no open issues are left")


# --- Cost


def budget(log: EventLog, spent: float | None, *, project: str = "PAY", number: int = 1, **columns: Any) -> None:
    """Example R3: 200 points planned, 40 done, 20 added; work worth 31,818.18 of 175,000 was done."""
    ref = f"{TRACKER}:{project}"
    row = {"bac": 175_000, "planned_release_points": 200.0, "start_date": date(2026, 3, 1), "source": "config"}
    log.add("budget_baseline", project_ref=ref, baseline_no=number, **(row | columns))
    if spent is not None:
        log.add("cost_actual", project_ref=ref, date=date(2026, 6, 30), category="labour", amount=spent,
                source="config")


def work(log: EventLog, project: str = "PAY") -> None:
    """What was done before the plan began, dropped, deleted, or stands at another level earns nothing."""
    def issue(name: str, points: float, **columns: Any) -> Any:
        return log.issue(f"{project}-{name}", points, project=project, **columns)

    issue("done", 40).move("03-10", "done")
    issue("open", 180)
    issue("before", 500).move("02-25", "done")
    issue("dropped", 500).move("03-10", "done", "Won't Do")
    issue("deleted", 500, is_deleted=True, deleted_observed_at=at("04-01"))
    issue("epic", 500, kind="epic")
    issue("bare", None).move("03-10", "done")


SPENT = {
    "THRIFTY": (33_000, "green", "work worth 96 EUR was done for every 100 spent"),
    "FAIR": (33_600, "amber", "work worth 95 EUR was done for every 100 spent"),
    "DEAR": (36_000, "amber", "work worth 88 EUR was done for every 100 spent"),
    "R3": (65_000, "red", "work worth 49 EUR was done for every 100 spent"),
}


def test_r3_cost_is_as_green_as_its_performance(build_models: Build) -> None:
    log = EventLog()
    for key, spent in [("NOTHING", None), *((key, spent) for key, (spent, _, _) in SPENT.items())]:
        log.project(key)
        log.program(key, [key], currency="EUR")
        work(log, key)
        budget(log, spent, project=key)
    built = build_models(log, as_of=NOW)
    for key, (spent, colour, reason) in SPENT.items():
        row = of(built, key)
        assert (row["cost_rag"], row["overall_rag"], row["cost_reason"]) == (colour, colour, reason)
        assert row["cost_performance"] == pytest.approx(31_818.1818 / spent)
    row = of(built, "NOTHING")
    assert (row["cost_rag"], row["overall_rag"], row["cost_reason"]) == ("grey", "green", "nothing was spent yet")
    assert {round(row["earned_value"], 2) for row in built.rows("int.int_program_cost")} == {31_818.18}


def test_r3_with_a_frozen_scope(build_models: Build) -> None:
    log = EventLog()
    log.program("ONE", ["PAY"])
    work(log)
    budget(log, 65_000)
    row = of(build_models(log, as_of=NOW, metrics={"evm": {"mode": "frozen_scope"}}))
    assert row["cost_performance"] == pytest.approx(0.5385, abs=5e-5)
    assert row["headline"].endswith("CPI 0.54")


def test_money_of_projects_is_added_before_it_is_divided(build_models: Build) -> None:
    """Not the mean of ratios; what is spent without a plan, or has yet to be spent, is left out."""
    log = EventLog()
    for project in ("PAY", "WEB", "OPS"):
        if project != "PAY":
            log.project(project)
        work(log, project)
    log.program("ONE", ["PAY", "WEB", "OPS"])
    budget(log, 65_000)
    budget(log, 10_000, project="WEB", bac=17_500)
    log.add("budget_baseline", project_ref=f"{TRACKER}:WEB", baseline_no=2, bac=900_000, planned_release_points=1.0,
            start_date=date(2026, 3, 1), approved_at=date(2026, 7, 1), source="config")
    for project, day in (("OPS", date(2026, 6, 1)), ("PAY", date(2026, 7, 1))):
        log.add("cost_actual", project_ref=f"{TRACKER}:{project}", date=day, category="labour", amount=99,
                source="config")
    (cost,) = build_models(log, as_of=NOW).rows("int.int_program_cost")
    assert (cost["project_count"], cost["budget"], cost["actual_cost"]) == (2, 192_500, 75_000)
    assert cost["cost_performance"] == pytest.approx(35_000 / 75_000)


def test_without_a_budget_cost_is_grey(build_models: Build) -> None:
    log = EventLog()
    log.program("ONE", ["PAY"])
    work(log)
    budget(log, 10, planned_release_points=None)
    row = of(build_models(log, as_of=NOW))
    assert (row["cost_rag"], row["cost_reason"], row["overall_rag"]) == ("grey", "no project has a budget", "green")
