"""Plots of delivery: what they draw of which rows, and that no forecast stands without what the past says of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from itpm_pipeline.reports import flow_plots as flow
from itpm_pipeline.reports import forecast_plots as forecast
from itpm_pipeline.reports.chart import Band, Bars, Dots, Line, Rule

TODAY = date(2026, 11, 16)
DAY = 86400
TEAM = {"scope_type": "team", "scope_id": "t", "name": "Alpha"}


def test_scatter_has_the_percentiles_of_all_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MOST_DOTS", 4)
    finished = datetime(2026, 3, 2, tzinfo=UTC)
    rows = [{**TEAM, "issue_key": f"A-{n}", "finished_at": finished, "flow_cycle_time_s": days * DAY}
            for n, days in enumerate((1, 2, 2, 3, 4, 5, 6, 8, 13, 21))]
    (chart,) = flow.scatter_charts(rows)
    assert chart.subtitle == "10 deliveries: 50 % within 4.0 days, 85 % within 13 days, 95 % within 21 days"
    assert [mark.at for mark in chart.marks if isinstance(mark, Rule)] == [4, 13, 21]
    (dots,) = (mark for mark in chart.marks if isinstance(mark, Dots))
    assert [y for _, y in dots.points] == [6, 8, 13, 21]
    assert dots.labels[0] == "A-6: 6.0 days"
    assert "last 4" in chart.note


def test_cumulative_flow_lies_in_layers() -> None:
    rows = [
        {**TEAM, "date": TODAY + timedelta(day), "stage": stage, "cum_entered": count}
        for day, counts in enumerate(((5, 3, 2), (9, 6, 4)))
        for stage, count in zip(("todo", "in_progress", "done"), counts, strict=True)
    ]
    (chart,) = flow.cfd_charts(rows)
    layers = {mark.name: [point[1:] for point in mark.points] for mark in chart.marks if isinstance(mark, Band)}
    assert layers == {"done": [(0, 0), (0, 2)], "in progress": [(0, 1), (2, 4)], "to do": [(1, 3), (4, 7)]}
    assert "2 that were done before" in chart.subtitle


def test_throughput_is_of_whole_weeks_up_to_the_last_day() -> None:
    rows = [{**TEAM, "date": TODAY + timedelta(day), "throughput_7d": day, "arrivals_7d": 1} for day in range(15)]
    (chart,) = flow.throughput_charts(rows)
    (bars,) = (mark for mark in chart.marks if isinstance(mark, Bars))
    assert list(bars.values) == [0, 7, 14]
    assert list(chart.categories) == ["16 Nov", "23 Nov", "30 Nov"]


def test_ageing_work_stands_in_its_stage() -> None:
    issue = {**TEAM, "stage_p50_s": 2 * DAY, "stage_p85_s": 5 * DAY, "is_blocked": False}
    rows = [
        {**issue, "issue_key": "A", "status_name": "Doing", "age_s": DAY, "band": "green"},
        {**issue, "issue_key": "B", "status_name": "Review", "age_s": 9 * DAY, "band": "red", "is_blocked": True},
        {**issue, "issue_key": "C", "status_name": "Review", "age_s": 12 * DAY, "band": None, "stage_p85_s": None},
    ]
    (chart,) = flow.ageing_charts(rows)
    assert list(chart.categories) == ["Doing", "Review"]
    dots = {mark.name: mark for mark in chart.marks if isinstance(mark, Dots)}
    assert set(dots) == {"up to the median", "older than 85 %", "nothing to compare with"}
    assert dots["older than 85 %"].labels == ["B: 9.0 days, blocked"]
    places = [round(x, 2) for mark in dots.values() for x, _ in mark.points]
    assert places == [0.0, 0.85, 1.15]
    assert [y for line in chart.marks if isinstance(line, Line) for _, y in line.points] == [5, 5, 2, 2]


def release(**columns: object) -> list[dict[str, object]]:
    row = {
        "version_id": "v", "name": "2.4", "project_key": "PAY", "date": TODAY, "scope_count": 20, "done_count": 10,
        "release_date": TODAY + timedelta(30), "day_50": TODAY + timedelta(10), "day_85": TODAY + timedelta(20),
        "day_95": TODAY + timedelta(40), "verdict": "overconfident", "forecast_status": "ok",
        "probability_by_target": 0.9, **columns,
    }
    return [{**row, "date": TODAY - timedelta(1), "done_count": 8}, row]


def test_a_release_has_its_fan_and_the_verdict_on_it() -> None:
    (chart,) = forecast.burn_up_charts(release())
    assert chart.subtitle == "10 of 20 issues done; all with 85 % by 6 Dec 2026; release date kept with 90%"
    assert chart.note == forecast.VERDICTS["overconfident"]
    (fan,) = (mark for mark in chart.marks if isinstance(mark, Band))
    assert list(fan.points) == [
        (TODAY, 10, 10), (TODAY + timedelta(10), 12.5, 20), (TODAY + timedelta(40), 20, 20)]
    lines = {mark.name: mark.points[-1] for mark in chart.marks if isinstance(mark, Line)}
    assert lines["done with 85 %"] == (TODAY + timedelta(20), 20)
    assert lines["done"] == (TODAY, 10)


@pytest.mark.parametrize(("columns", "words"), [
    ({"forecast_status": "insufficient_data", "day_50": None, "day_85": None, "day_95": None}, "too little"),
    ({"forecast_status": None, "day_50": None, "day_85": None, "day_95": None, "verdict": None}, "too little"),
    ({"day_85": None, "day_95": None}, "not done within two years"),
])
def test_without_a_forecast_there_is_no_fan(columns: dict[str, object], words: str) -> None:
    (chart,) = forecast.burn_up_charts(release(**columns))
    assert words in chart.subtitle
    assert not any(isinstance(mark, Band) for mark in chart.marks)


def test_calibration_shows_both_kinds_against_what_was_promised() -> None:
    row = {**TEAM, "origin_count": 26, "coverage": 0.7, "coverage_low": 0.5, "coverage_high": 0.8,
           "verdict": "overconfident"}
    rows = [{**row, "kind": kind, "percentile": p} for kind in ("many", "when") for p in (0.5, 0.85)]
    (chart,) = forecast.calibration_charts(rows)
    assert chart.subtitle == "how many: overconfident (26 back-tests); when: overconfident (26 back-tests)"
    assert [mark.name for mark in chart.marks if isinstance(mark, Line)] == ["as promised", "how many", "when"]
    assert chart.y_is_share
