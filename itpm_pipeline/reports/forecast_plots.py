"""Plots of forecasts: releases with the fan of days on which they may be done, and how good forecasts were."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from itpm_pipeline.reports.chart import Band, Chart, Colour, Line, Rule
from itpm_pipeline.reports.flow_plots import NAMED_SCOPE
from itpm_pipeline.reports.plot import Plot, Row

FAN = ((50, Colour.GOOD), (85, Colour.WARNING), (95, Colour.REMOVED))
"""Confidences whose days make the fan."""

BURN_UP_QUERY = """
with finish as (
    select scope_id, percentile, value_date, effective_verdict, status, probability_by_target
    from {{ ref('mart_delivery_forecast') }}
    where scope_type = 'release' and kind = 'when'
),
day as (
    select
        scope_id,
        max(case when percentile = 0.5 then value_date end) as day_50,
        max(case when percentile = 0.85 then value_date end) as day_85,
        max(case when percentile = 0.95 then value_date end) as day_95,
        max(case when percentile = 0.85 then effective_verdict end) as verdict,
        max(status) as forecast_status,
        max(probability_by_target) as probability_by_target
    from finish
    group by scope_id
)
select progress.version_id, progress.name, project.project_key, progress.date, progress.scope_count,
    progress.done_count, progress.release_date, day.day_50, day.day_85, day.day_95, day.verdict,
    day.forecast_status, day.probability_by_target
from {{ ref('mart_release_progress') }} as progress
inner join {{ source('core', 'project') }} as project on progress.project_id = project.project_id
left join day on progress.version_id = day.scope_id
where not progress.is_released
order by project.project_key, progress.release_date nulls last, progress.version_id, progress.date
"""


def burn_up_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per open release: its scope, what is done, and when the rest may be; each with the verdict on that."""
    charts = []
    for _, group in groupby(rows, key=lambda row: row["version_id"]):
        days = list(group)
        last = days[-1]
        if not last["scope_count"]:
            continue
        now, done, scope = last["date"], last["done_count"], last["scope_count"]
        finish = [(share, colour, last[f"day_{share}"]) for share, colour in FAN]
        ahead = [(share, colour, day) for share, colour, day in finish if day is not None and day > now]
        due = last["release_date"]
        charts.append(
            Chart(
                title=f"Burn-up of {last['project_key']} {last['name']}",
                subtitle=_forecast_in_words(last),
                y_name="issues",
                marks=[
                    Line("scope", Colour.ADDED, [(row["date"], row["scope_count"]) for row in days], is_step=True),
                    Line("done", Colour.DONE, [(row["date"], row["done_count"]) for row in days], is_step=True),
                    *_fan(now, done, scope, ahead),
                    *([Rule("release date", Colour.TREND, due, is_vertical=True)] if due else []),
                ],
                note=_calibration_in_words(last),
            )
        )
    return charts


def _fan(now: date, done: int, scope: int, ahead: Sequence[tuple[int, str, date]]) -> list[Band | Line]:
    """From what is done to the scope of now, on the days on which it may be reached."""
    if not ahead or done >= scope:
        return []
    soonest, latest = ahead[0][-1], ahead[-1][-1]
    slowest = done + (scope - done) * ((soonest - now) / (latest - now))
    lines = [
        Line(f"done with {share} %", colour, [(now, done), (day, scope)], is_dashed=True)
        for share, colour, day in ahead
    ]
    if soonest == latest:
        return [*lines]
    return [Band("", Colour.DONE, [(now, done, done), (soonest, slowest, scope), (latest, scope, scope)]), *lines]


def _forecast_in_words(row: Row) -> str:
    told = f"{row['done_count']} of {row['scope_count']} issues done"
    if row["forecast_status"] == "insufficient_data" or row["forecast_status"] is None:
        return f"{told}; too little was delivered yet to forecast the rest"
    if row["day_85"] is None:
        return f"{told}; not done within two years with 85 %"
    chance = row["probability_by_target"]
    by_date = f"; release date kept with {chance:.0%}" if chance is not None else ""
    return f"{told}; all with 85 % by {row['day_85']:%-d %b %Y}{by_date}"


def _calibration_in_words(row: Row) -> str:
    return VERDICTS[row["verdict"]] if row["forecast_status"] == "ok" else ""


VERDICTS = {
    "overconfident": "Forecasts of this project were overconfident: fewer held than they promised.",
    "underconfident": "Forecasts of this project were underconfident: more held than they promised.",
    "consistent": "Forecasts of this project held as often as they promised.",
    "insufficient": "How good forecasts of this project are is not known yet: too few can be checked.",
}
"""What a verdict means, as it stands below a forecast."""

CALIBRATION_QUERY = f"""
with named as ({NAMED_SCOPE})
select named.name, found.scope_type, found.scope_id, found.kind, found.percentile, found.origin_count, found.coverage,
    found.coverage_low, found.coverage_high, found.verdict
from {{{{ ref('mart_forecast_calibration') }}}} as found
inner join named on found.scope_type = named.scope_type and found.scope_id = named.scope_id
where found.origin_count > 0
order by named.importance, named.name, named.scope_id, found.kind, found.percentile
"""  # noqa: S608  names of our own

KINDS = {"many": ("how many", Colour.DONE), "when": ("when", Colour.ADDED)}


def calibration_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per program and team: how often forecasts held, by how often they promised to."""
    charts = []
    for (kind, _), group in groupby(rows, key=lambda row: (row["scope_type"], row["scope_id"])):
        found = list(group)
        marks: list[Band | Line] = [Line("as promised", Colour.PLANNED, [(0.0, 0.0), (1.0, 1.0)], is_dashed=True)]
        told = []
        for asked, (name, colour) in KINDS.items():
            points = [row for row in found if row["kind"] == asked]
            if not points:
                continue
            marks.append(
                Band("", colour, [(row["percentile"], row["coverage_low"], row["coverage_high"]) for row in points])
            )
            marks.append(
                Line(name, colour, [(row["percentile"], row["coverage"]) for row in points], has_dots=True)
            )
            at_85 = next((row for row in points if row["percentile"] == 0.85), points[-1])
            told.append(f"{name}: {at_85['verdict']} ({at_85['origin_count']} back-tests)")
        charts.append(
            Chart(
                title=f"Forecasts of {kind} {found[0]['name']}",
                subtitle="; ".join(told),
                y_name="held",
                x_name="promised",
                marks=marks,
                note="Below the dashed line less was kept than promised. Areas: 95 % intervals of so few back-tests.",
                y_is_share=True,
            )
        )
    return charts


PLOTS = (
    Plot("release burn-up", "mart_release_progress", BURN_UP_QUERY, burn_up_charts),
    Plot("calibration", "mart_forecast_calibration", CALIBRATION_QUERY, calibration_charts),
)
