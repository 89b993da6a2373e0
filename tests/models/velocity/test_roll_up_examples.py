"""Worked examples V12 and V14 of METRICS.md section 2.5, and what may be summed up over teams and projects."""

from datetime import date, datetime, timedelta

import pytest
from built_models import Build, Built
from event_log import TRACKER, EventLog, at

pytestmark = pytest.mark.slow

PROGRAM = "mart.mart_program_velocity"
INCREMENT = {"time": {"increments": {"PI 7": [date(2026, 4, 1), date(2026, 7, 31)]}}}


class Teams(EventLog):
    """Each team has a board, and a sprint for each month: committed and completed issues, and completed points."""

    def team(self, name: str, fte: float | None = None, scale: str | None = None) -> str:
        self.add("team_setting", team_key=name.lower(), name=name, board_ref=f"{TRACKER}:{name}", headcount_fte=fte,
                 estimate_scale_id=scale)
        return self.board(name)

    def month(
        self, board: str, start: str, points: float, *, committed: int = 1, completed: int = 1, project: str = "PAY"
    ) -> str:
        """A sprint from the second of a month on, for three weeks; the first issue has all the points."""
        begin = at(start) + timedelta(days=1)
        sprint = self.sprint(f"{board}@{start}", begin, begin + timedelta(days=21), board)
        for number in range(committed):
            issue = self.issue(f"{sprint}-{number}", points if number == 0 else None, sprints=[sprint], project=project,
                               created=datetime(2025, 12, 1, tzinfo=begin.tzinfo))
            if number < completed:
                issue.move(begin + timedelta(days=3), "doing").move(begin + timedelta(days=5), "done")
        return sprint


def v12(beta_scale: float = 1, beta_fte: float | None = 4) -> Teams:
    log = Teams()
    log.program("P", ["PAY"])
    alpha, beta = log.team("Alpha", 6), log.team("Beta", beta_fte)
    for start in ("01-01", "02-01", "03-01"):  # the baselines: 30 and 10
        log.month(alpha, start, 30)
        log.month(beta, start, 10 * beta_scale)
    for start, of_alpha, of_beta in (("04-01", 30, 8), ("05-01", 33, 10), ("06-01", 27, 9), ("07-01", 36, 12)):
        committed = {"committed": 20, "completed": 18} if start == "04-01" else {}
        log.month(alpha, start, of_alpha, **committed)
        committed = {"committed": 10, "completed": 4} if start == "04-01" else {}
        log.month(beta, start, of_beta * beta_scale, **committed)
    return log


def of_period(built: Built, name: str) -> dict[str, object]:
    return built.one(PROGRAM, f"program_id = 'program:P' and period_name = '{name}'")


@pytest.fixture(scope="module")
def program(build_models: Build) -> Built:
    return build_models(v12(), metrics=INCREMENT)


def test_v12_pooled_and_mean_reliability_differ(program: Built) -> None:
    row = of_period(program, "2026-04")
    assert (row["committed_count"], row["completed_initial_count"]) == (30, 22)
    assert row["pooled_reliability"] == pytest.approx(0.7333, abs=5e-5)
    assert row["mean_team_reliability"] == pytest.approx(0.65)


INDICES = {"2026-04": 92.0, "2026-05": 106.0, "2026-06": 90.0, "2026-07": 120.0, "PI 7": 102.0}


def test_v12_velocity_index_against_baselines_of_the_increment(program: Built) -> None:
    rows = {name: of_period(program, name) for name in INDICES}
    assert {name: row["velocity_index"] for name, row in rows.items()} == pytest.approx(INDICES)
    assert {row["velocity_index_weight"] for row in rows.values()} == {"fte"}
    baselines = program.rows("mart.fct_sprint_team", "effective_start_at >= timestamptz '2026-04-01 00:00:00+00:00'")
    assert {(row["team_name"], row["velocity_baseline"]) for row in baselines} == {("Alpha", 30), ("Beta", 10)}
    assert of_period(program, "2026-01")["velocity_index"] is None, "before three sprints there is no baseline"


def test_v12_scaling_one_team_leaves_the_index(build_models: Build) -> None:
    """Invariant 9: a velocity index does not depend on the scale of any team."""
    tripled = build_models(v12(beta_scale=3), metrics=INCREMENT)
    assert {name: of_period(tripled, name)["velocity_index"] for name in INDICES} == pytest.approx(INDICES)


def test_without_increments_a_baseline_is_frozen_for_a_quarter(build_models: Build) -> None:
    built = build_models(v12(), metrics={"sprint": {"rolling_k": 3}})
    found = built.rows("mart.fct_sprint_team", "effective_start_at >= timestamptz '2026-04-01 00:00:00+00:00'")
    april, july = ({row["team_name"]: row["velocity_baseline"] for row in found
                    if row["effective_start_at"].month == month} for month in (4, 7))
    assert april == {"Alpha": 30, "Beta": 10}
    assert july == {"Alpha": 30, "Beta": 9}  # the medians of 30, 33, 27 and 8, 10, 9
    assert built.rows(PROGRAM, "period_kind = 'increment'") == []


def test_teams_weigh_what_they_delivered_if_nobody_tells_their_size(build_models: Build) -> None:
    row = of_period(build_models(v12(beta_fte=None), metrics=INCREMENT), "2026-04")
    assert row["velocity_index_weight"] == "delivered_count"
    assert row["velocity_index"] == pytest.approx((18 * 100 + 4 * 80) / 22)


def test_points_of_different_scales_are_never_summed(program: Built) -> None:
    row = of_period(program, "2026-04")
    assert (row["points_additive"], row["estimate_scale_count"], row["delivered_points"]) == (False, 2, None)
    assert row["delivered_count"] == 22
    weeks = program.rows("mart.mart_project_velocity", "delivered_count = 22")
    assert [(row["points_additive"], row["delivered_points"]) for row in weeks] == [(False, None)]
    by_scale = program.rows("mart.mart_project_points", f"week_start_date = date '{weeks[0]['week_start_date']}'")
    assert sorted(row["delivered_points"] for row in by_scale) == [8, 30]


def test_points_of_one_scale_are_summed(build_models: Build) -> None:
    log = Teams()
    log.program("P", ["PAY"])
    for name, points in (("Alpha", 30), ("Beta", 8)):
        log.month(log.team(name, scale="t-shirts"), "04-01", points)
    row = of_period(build_models(log), "2026-04")
    assert (row["points_additive"], row["estimate_scale_id"], row["delivered_points"]) == (True, "t-shirts", 38)


def test_v14_program_predictability(build_models: Build) -> None:
    log = v12()
    told = [("committed", 10, 8), ("committed", 5, 4), ("committed", 8, 5), ("uncommitted", 3, 3)]
    for number, (kind, planned, actual) in enumerate(told):
        log.add("objective", objective_id=f"objective:P:{number}", program_id="program:P", name=str(number), kind=kind,
                period_start=date(2026, 4, 1), period_end=date(2026, 7, 31), planned_bv=planned, actual_bv=actual)
    built = build_models(log, metrics=INCREMENT)
    row = of_period(built, "PI 7")
    assert (row["planned_bv"], row["actual_bv"]) == (23, 20)
    assert row["ppm"] == pytest.approx(0.8696, abs=5e-5)
    assert of_period(built, "2026-07")["ppm"] == row["ppm"], "objectives count in the period they end in"
    assert of_period(built, "2026-06")["ppm"] is None


def test_months_quarters_and_increments_hold_the_same_issues(program: Built) -> None:
    sums: dict[str, int] = {}
    for row in program.rows(PROGRAM, "program_id = 'program:P'"):
        sums[row["period_kind"]] = sums.get(row["period_kind"], 0) + row["delivered_count"]
    assert sums == {"month": 6 + 22 + 6, "quarter": 34, "increment": 28}
    march, april = of_period(program, "2026-03"), of_period(program, "2026-04")
    assert (march["working_days"], march["delivered_per_week"]) == (0, pytest.approx(2 * 7 / 31))
    assert april["delivered_per_week_change"] == pytest.approx((22 / 30) / (2 / 31) - 1)
    assert program.rows(PROGRAM, "program_id = 'program:P' and not is_complete and period_name = '2026-11'")


def test_working_days_are_those_of_the_program(build_models: Build) -> None:
    log = v12()
    for number in range(30):
        day = date(2026, 4, 1) + timedelta(days=number)
        log.add("calendar_day", calendar_id="default", date=day, is_working=day.weekday() < 5, working_seconds=28800)
    row = of_period(build_models(log), "2026-04")
    assert (row["working_days"], row["delivered_per_working_day"]) == (22, 1)


def test_velocity_per_working_day_compares_sprints_of_different_lengths(build_models: Build) -> None:
    log = Teams()
    board = log.team("Alpha")
    for number in range(60):
        day = date(2026, 3, 1) + timedelta(days=number)
        log.add("calendar_day", calendar_id="default", date=day, is_working=day.weekday() < 5, working_seconds=28800)
    for name, start, end, points in (("two weeks", "03-02T09", "03-16T09", 20), ("one", "03-16T09", "03-23T09", 15)):
        sprint = log.sprint(name, at(start), at(end), board)
        log.issue(name, points, sprints=[sprint]).move(at(start) + timedelta(days=2), "done")
    rows = build_models(log).rows("mart.mart_team_sprint_velocity")
    assert {row["sprint_name"]: (row["working_days"], row["velocity_per_working_day"]) for row in rows} == {
        "two weeks": (10, 2), "one": (5, 3),
    }


def test_a_team_works_for_two_programs(build_models: Build) -> None:
    """It counts for each with the share of its people that the work stands for; issues count once."""
    log = Teams()
    for key in ("WEB", "API"):
        log.project(key)
        log.program(key, [key])
    log.program("P", ["PAY"])
    board = log.team("Alpha", 6)
    for start in ("01-01", "02-01", "03-01"):
        log.month(board, start, 30)
    sprint = log.month(board, "04-01", 10, committed=1, project="WEB")
    for number in range(2):
        log.issue(f"API-{number}", 10, sprints=[sprint], project="API").move("04-05", "doing").move("04-06", "done")
    built = build_models(log)
    parts = built.rows("int.int_program_period_team", "period_kind = 'month' and start_date = date '2026-04-01'")
    assert {row["program_id"]: (row["fte"], row["velocity_index"]) for row in parts} == {
        "program:WEB": (2, 100), "program:API": (4, 100),
    }
    rows = built.rows("mart.fct_sprint_issue", f"sprint_id = '{sprint}'")
    assert sorted(row["project_id"].rpartition(":")[2] for row in rows) == ["API", "API", "WEB"]


def test_weeks_begin_when_the_settings_say(build_models: Build) -> None:
    log = EventLog()
    log.program("P", ["PAY"], timezone="Europe/Berlin")
    log.issue("PAY-1").move("03-02T22:30", "done")  # Monday; on the 8th, a Sunday, at 23:30 in Berlin:
    log.issue("PAY-2").move("03-08T22:30", "done")
    log.issue("PAY-3").move("03-08T23:30", "done")  # Monday the 9th in Berlin
    counts = {}
    for week_start in ("monday", "sunday"):
        built = build_models(log, as_of=at("03-25T12"), metrics={"time": {"week_start": week_start}})
        rows = built.rows("mart.mart_project_velocity")
        counts[week_start] = {row["week_start_date"]: row["delivered_count"] for row in rows}
        assert [row["is_complete"] for row in rows].count(False) == 1
    assert counts["monday"] == {
        date(2026, 3, 2): 2, date(2026, 3, 9): 1, date(2026, 3, 16): 0, date(2026, 3, 23): 0,
    }
    assert counts["sunday"] == {
        date(2026, 3, 1): 1, date(2026, 3, 8): 2, date(2026, 3, 15): 0, date(2026, 3, 22): 0,
    }


def test_rolling_weeks(build_models: Build) -> None:
    log = EventLog()
    log.program("P", ["PAY"])
    for week, count in enumerate((3, 1, 2, 6)):
        for number in range(count):
            log.issue(f"PAY-{week}{number}").move(at("03-03") + timedelta(days=7 * week), "done")
    built = build_models(log, as_of=at("04-01"), metrics={"sprint": {"rolling_k": 3}})
    rows = sorted(built.rows("mart.mart_project_velocity"), key=lambda row: row["week_start_date"])
    columns = ("delivered_count", "delivered_count_mean_k", "delivered_count_median_k")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        (3, None, None), (1, None, None), (2, 2, 2), (6, 3, 2), (0, None, None),
    ]
