"""How work flows, when it will be done, how sure that is, and how releases stand."""

from collections.abc import Mapping, Sequence

from itpm_pipeline.reports.chart import Chart, Colour, Line
from itpm_pipeline.reports.drawing import Picture, for_any_width
from itpm_pipeline.reports.program.content import Cell, Figure, Row, Section, Table, Tone
from itpm_pipeline.reports.program.formats import day, days, percent, whole
from itpm_pipeline.reports.program.status import RAG_TONES

_FLOW, _AGE, _FORECAST = "mart_flow_metrics_daily", "mart_ageing_wip", "mart_delivery_forecast"
_PATH, _RELEASE, _ON_TIME = "mart_critical_path_scope", "mart_release_progress", "mart_on_time_delivery"
OLDEST_SHOWN = 8
_SHOWN = (0.5, 0.85)
"""Even odds, and sure enough to promise; all there are where the settings have others."""
_BANDS = {"green": Tone.GOOD, "amber": Tone.WARNING, "orange": Tone.WARNING, "red": Tone.BAD}
_VERDICTS = {
    "consistent": "consistent", "overconfident": "overconfident", "underconfident": "underconfident",
    "insufficient": "too few back-tests",
}  # fmt: skip

QUERIES = {
    "flow": """
        select scope_id as program_id, * from mart.mart_flow_metrics_daily where scope_type = 'program' order by date
    """,
    "ageing": "select * from mart.mart_ageing_wip order by pace_percentile desc nulls last, age_s desc, issue_key",
    "on_time": """
        select scope_id as program_id, * from mart.mart_on_time_delivery where scope_type = 'program' order by month
    """,
    "forecast": """
        select scope_id as program_id, * from mart.mart_delivery_forecast where scope_type = 'program'
        order by kind, horizon_days, percentile
    """,
    "path": "select * from mart.mart_critical_path_scope where scope_type = 'program'",
    "releases": """
        select * from mart.mart_release_progress
        where is_latest and not is_released order by release_date nulls last, name
    """,
}


def build(found: Mapping[str, Sequence[Row]]) -> list[Section]:
    """Three sections: METRICS.md 3.1 and 3.2, 3.3, and releases."""
    return [
        _flow(found["flow"], found["ageing"], found["on_time"]),
        _forecast(found["forecast"], found["path"]),
        _releases(found["releases"]),
    ]


def _flow(flow: Sequence[Row], ageing: Sequence[Row], on_time: Sequence[Row]) -> Section:
    figures = []
    if flow:
        now = flow[-1]
        figures = [
            Figure("in progress", whole(now["wip"]), (_FLOW, "wip")),
            Figure("finished in 7 days", whole(now["throughput_7d"]), (_FLOW, "throughput_7d")),
            Figure("half are done within", days(now["cycle_time_p50_s"]), (_FLOW, "cycle_time_p50_s")),
            Figure("85 of 100 within", days(now["cycle_time_p85_s"]), (_FLOW, "cycle_time_p85_s"),
                   detail="few data" if now["is_low_sample"] else ""),
            Figure("work, not waiting", percent(now["flow_efficiency"]), (_FLOW, "flow_efficiency")),
        ]  # fmt: skip
    if on_time and on_time[-1]["on_time_rate"] is not None:
        last = on_time[-1]
        figures.append(
            Figure(f"on time in {last['month']:%Y-%m}", percent(last["on_time_rate"]), (_ON_TIME, "on_time_rate"),
                   detail=f"{percent(last['on_time_baseline_rate']) or '?'} of first promises")
        )  # fmt: skip
    return Section(
        "flow", "Flow", "From the start of work on an issue to its end, in calendar days.", figures,
        [Table(
            "In progress for longest, compared with what was finished",
            [("issue", None), ("summary", None), ("status", None), ("age", (_AGE, "age_s")),
             ("older than", (_AGE, "pace_percentile")), ("band", (_AGE, "band")), ("blocked", (_AGE, "is_blocked"))],
            [[Cell(row["issue_key"], link=row["url"]), Cell(row["summary"]), Cell(row["status_name"]),
              Cell(days(row["age_s"])), Cell(percent(row["pace_percentile"])),
              Cell(row["band"], _BANDS.get(row["band"], Tone.PLAIN)),
              Cell("yes" if row["is_blocked"] else "", Tone.WARNING if row["is_blocked"] else Tone.PLAIN)]
             for row in ageing[:OLDEST_SHOWN]],
            nothing="Nothing is in progress.", left_out=max(0, len(ageing) - OLDEST_SHOWN),
        )],
        _flow_picture(flow),
    )  # fmt: skip


def _flow_picture(flow: Sequence[Row]) -> list[Picture]:
    if len(flow) < 2:
        return []
    chart = Chart(
        "Work in progress and finished per week", "issues",
        [Line("in progress", Colour.ADDED, [(row["date"], row["wip"]) for row in flow], is_step=True),
         Line("finished in the 7 days before", Colour.DONE, [(row["date"], row["throughput_7d"]) for row in flow])],
    )  # fmt: skip
    return [for_any_width(chart)]


def _forecast(forecast: Sequence[Row], path: Sequence[Row]) -> Section:
    columns = [("question", None), ("sureness", (_FORECAST, "percentile")), ("answer", (_FORECAST, "value_date")),
               ("such forecasts held", (_FORECAST, "coverage")),
               ("forecasts here are", (_FORECAST, "effective_verdict"))]  # fmt: skip
    made = [row for row in forecast if row["status"] == "ok"]
    rows = [_forecast_row(row) for row in made if row["percentile"] in _SHOWN] or [_forecast_row(row) for row in made]
    reasons = sorted({row["reason"] for row in forecast if row["status"] != "ok" and row["reason"]})
    on_target = [row for row in forecast if row["kind"] == "when" and row["probability_by_target"] is not None]
    figures = []
    if on_target:
        chance = on_target[0]["probability_by_target"]
        figures.append(Figure(
            f"chance to be done by {day(on_target[0]['target_date'])}", percent(chance),
            (_FORECAST, "probability_by_target"),
            Tone.GOOD if chance >= 0.85 else Tone.WARNING if chance >= 0.5 else Tone.BAD,
        ))  # fmt: skip
    for row in path:
        figures += [
            Figure("critical path ends", day(row["finish_date"]), (_PATH, "finish_date"),
                   Tone.BAD if row["is_late"] else Tone.PLAIN),
            Figure("… at 85 of 100", day(row["scope_p85_date"]), (_PATH, "scope_p85_date")),
        ]  # fmt: skip
    lead = (
        "Resampled from what was finished per day, without knowledge of dependencies; the critical path knows only "
        "dependencies, as if everybody could begin at once. The later of the two is the safer bet."
    )
    return Section(
        "forecast", "Forecast", lead, figures,
        [Table("When, and how many", columns, rows, nothing="No forecast: " + ("; ".join(reasons) or "no open work."))],
    )  # fmt: skip


def _forecast_row(row: Row) -> list[Cell]:
    if row["kind"] == "when":
        question, answer = f"when are the {whole(row['remaining_count'])} open issues done", day(row["value_date"])
        if row["is_censored"]:
            answer = f"later than {answer}" if answer else "not foreseeable"
    else:
        question, answer = f"how many in {row['horizon_days']} days", f"{whole(row['value_count'])} or more"
    held = None if row["coverage"] is None else f"{percent(row['coverage'])} of {row['calibration_origin_count']}"
    verdict = row["effective_verdict"]
    return [
        Cell(question), Cell(percent(row["percentile"])), Cell(answer), Cell(held),
        Cell(_VERDICTS[verdict], Tone.WARNING if verdict == "overconfident" else Tone.PLAIN),
    ]  # fmt: skip


def _releases(releases: Sequence[Row]) -> Section:
    return Section(
        "releases", "Releases",
        tables=[Table(
            "Not released yet",
            [("release", None), ("planned", (_RELEASE, "release_date")), ("done", (_RELEASE, "done_share")),
             ("issues", (_RELEASE, "scope_count")), ("half sure", (_RELEASE, "p50_date")),
             ("85 % sure", (_RELEASE, "p85_date")), ("forecasts here are", (_RELEASE, "verdict")),
             ("status", (_RELEASE, "status"))],
            [[Cell(row["name"]), Cell(day(row["release_date"])), Cell(percent(row["done_share"])),
              Cell(whole(row["scope_count"])), Cell(day(row["p50_date"])), Cell(day(row["p85_date"])),
              Cell(None if row["verdict"] is None else _VERDICTS[row["verdict"]]),
              Cell("not enough data" if row["status"] in (None, "grey") else row["status"],
                   RAG_TONES.get(row["status"] or "grey", Tone.PLAIN))] for row in releases],
            nothing="No release is planned.",
        )],
    )  # fmt: skip
