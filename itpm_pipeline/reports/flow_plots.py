"""Plots of flow: how long work takes, where it piles up, how much gets done, what is growing old."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import Any

from itpm_pipeline.reports.chart import Band, Bars, Chart, Colour, Dots, Line, Rule
from itpm_pipeline.reports.plot import Plot, Row

DAY = 86400
MOST_DOTS = 1500
"""More would be a grey mass, and a file of megabytes."""
WEEKS = 26
SHARES = ((50, Colour.GOOD), (85, Colour.WARNING), (95, Colour.REMOVED))

NAMED_SCOPE = """
    select 'program' as scope_type, program_id as scope_id, name, 0 as importance from {{ source('core', 'program') }}
    union all
    select 'program' as scope_type, 'program:(unassigned)' as scope_id, '(unassigned)' as name, 1 as importance
    union all
    select 'team' as scope_type, team_id as scope_id, name, 2 as importance from {{ ref('int_team') }}
"""
"""Scopes that are drawn, with their names, programs first."""

SCATTER_QUERY = f"""
with named as ({NAMED_SCOPE}),
delivered as (
    select program_id as scope_id, * from {{{{ ref('fct_issue_cycle_time') }}}} where is_in_flow_scope
    union all
    select team_id as scope_id, * from {{{{ ref('fct_issue_cycle_time') }}}} where is_in_flow_scope
)
select named.name, named.scope_type, named.scope_id, delivered.issue_key, delivered.finished_at,
    delivered.flow_cycle_time_s
from delivered
inner join named on delivered.scope_id = named.scope_id
cross join {{{{ source('ops', 'build_parameter') }}}} as parameter
where
    delivered.flow_cycle_time_s is not null
    and delivered.finished_at > delivered.as_of - cast(parameter.history_days as integer) * interval '1 day'
order by named.importance, named.name, named.scope_id, delivered.finished_at, delivered.issue_key
"""  # noqa: S608  names of our own


def scatter_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per program and team: each delivery by day and cycle time, with the percentiles of all of them."""
    charts = []
    for name, deliveries in _scopes(rows):
        days = sorted(row["flow_cycle_time_s"] / DAY for row in deliveries)
        shown = [(row, row["flow_cycle_time_s"] / DAY) for row in deliveries[-MOST_DOTS:]]
        limits = [(share, colour, days[ceil(share * len(days) / 100) - 1]) for share, colour in SHARES]
        told = ", ".join(f"{share} % within {_days(limit)}" for share, _, limit in limits)
        charts.append(
            Chart(
                title=f"Cycle times of {name}",
                subtitle=f"{len(days)} deliveries: {told}",
                y_name="days from start to finish",
                marks=[
                    Dots("delivered", Colour.DONE, [(row["finished_at"], took) for row, took in shown],
                         [f"{row['issue_key']}: {_days(took)}" for row, took in shown]),
                    *(Rule(f"{share} %", colour, limit) for share, colour, limit in limits),
                ],
                note="" if len(shown) == len(days) else f"The last {len(shown)} are drawn; percentiles are of all.",
            )
        )  # fmt: skip
    return charts


CFD_QUERY = f"""
with named as ({NAMED_SCOPE})
select named.name, named.scope_type, named.scope_id, cfd.date, cfd.stage, cfd.cum_entered
from {{{{ ref('mart_cfd') }}}} as cfd
inner join named on cfd.scope_type = named.scope_type and cfd.scope_id = named.scope_id
where cfd.stage_ordinal < 3
order by named.importance, named.name, named.scope_id, cfd.date, cfd.stage_ordinal
"""  # noqa: S608  as above


def cfd_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per program and team: what was created, started and done, one upon the other."""
    charts = []
    for name, steps in _scopes(rows):
        days = [(date, {row["stage"]: row["cum_entered"] for row in group})
                for date, group in groupby(steps, key=lambda row: row["date"])]  # fmt: skip
        first = days[0][1]["done"]
        if days[-1][1]["todo"] == first:
            continue
        layers = (
            ("in progress", Colour.ADDED, "done", "in_progress"), ("to do", Colour.PLANNED, "in_progress", "todo"),
        )  # fmt: skip
        charts.append(
            Chart(
                title=f"Cumulative flow of {name}",
                subtitle=f"issues that got so far, without the {first} that were done before",
                y_name="issues",
                marks=[
                    Band("done", Colour.DONE, [(date, 0, stage["done"] - first) for date, stage in days], opacity=0.55),
                    *(Band(layer, colour, [(date, stage[below] - first, stage[above] - first) for date, stage in days],
                           opacity=0.55) for layer, colour, below, above in layers),
                ],
            )
        )  # fmt: skip
    return charts


THROUGHPUT_QUERY = f"""
with named as ({NAMED_SCOPE})
select named.name, named.scope_type, named.scope_id, flow.date, flow.throughput_7d, flow.arrivals_7d
from {{{{ ref('mart_flow_metrics_daily') }}}} as flow
inner join named on flow.scope_type = named.scope_type and flow.scope_id = named.scope_id
order by named.importance, named.name, named.scope_id, flow.date
"""  # noqa: S608  as above


def throughput_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per program and team: issues delivered and started in each of the last weeks."""
    charts = []
    for name, days in _scopes(rows):
        weeks = days[::-7][:WEEKS][::-1]
        if not any(row["throughput_7d"] for row in weeks):
            continue
        mean = sum(row["throughput_7d"] for row in weeks) / len(weeks)
        charts.append(
            Chart(
                title=f"Throughput of {name}",
                subtitle=f"issues per week, {mean:.1f} delivered on average; weeks end on the day shown",
                y_name="issues",
                categories=[f"{row['date']:%-d %b}" for row in weeks],
                marks=[
                    Bars("delivered", Colour.DONE, [row["throughput_7d"] for row in weeks]),
                    Line("started", Colour.ADDED, [(at, row["arrivals_7d"]) for at, row in enumerate(weeks)],
                         has_dots=True),
                ],
            )
        )  # fmt: skip
    return charts


AGEING_QUERY = f"""
with named as ({NAMED_SCOPE}),
ageing as (
    select program_id as scope_id, * from {{{{ ref('mart_ageing_wip') }}}}
    union all
    select team_id as scope_id, * from {{{{ ref('mart_ageing_wip') }}}}
)
select named.name, named.scope_type, named.scope_id, ageing.issue_key, ageing.status_name, ageing.age_s, ageing.band,
    ageing.stage_p50_s, ageing.stage_p85_s, ageing.is_blocked
from ageing
inner join named on ageing.scope_id = named.scope_id
where ageing.age_s is not null
order by named.importance, named.name, named.scope_id, ageing.stage_p85_s, ageing.status_name, ageing.age_s
"""  # noqa: S608  as above

BANDS = (
    ("up to the median", Colour.GOOD, "green"), ("up to 70 %", Colour.CHANGED, "yellow"),
    ("up to 85 %", Colour.ADDED, "orange"), ("older than 85 %", Colour.WARNING, "red"),
    ("nothing to compare with", Colour.PLANNED, None),
)  # fmt: skip


def ageing_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per program and team: each issue in progress by stage and age, beside what is usual there."""
    charts = []
    for name, issues in _scopes(rows):
        stages = list(dict.fromkeys(str(row["status_name"]) for row in issues))
        placed: list[tuple[float, Row]] = []
        for place, stage in enumerate(stages):
            inside = [row for row in issues if str(row["status_name"]) == stage]
            # Side by side, so that issues of one age do not cover each other.
            placed += [(place + 0.6 * ((number + 0.5) / len(inside) - 0.5), row) for number, row in enumerate(inside)]
        dots = [
            Dots(band_name, colour, [(x, row["age_s"] / DAY) for x, row in placed if row["band"] == band],
                 [_told(row) for _, row in placed if row["band"] == band])
            for band_name, colour, band in BANDS if any(row["band"] == band for row in issues)
        ]  # fmt: skip
        usual = [
            Line(told, Colour.TREND, _stage_limits(stages, issues, column), is_dashed=is_dashed, has_dots=True)
            for told, column, is_dashed in (("85 % had left the stage", "stage_p85_s", False),
                                            ("half had left it", "stage_p50_s", True))
        ]  # fmt: skip
        charts.append(
            Chart(
                title=f"Ageing work of {name}",
                subtitle=f"{len(issues)} issues in progress, days since start; colours compare with finished work",
                y_name="days",
                categories=stages,
                marks=[*dots, *(line for line in usual if any(y is not None for _, y in line.points))],
            )
        )
    return charts


def _stage_limits(stages: Sequence[str], issues: Sequence[Row], column: str) -> list[tuple[float, float | None]]:
    """The usual age on leaving each stage; of several comparisons in one stage the greatest."""
    found: list[tuple[float, float | None]] = []
    for place, stage in enumerate(stages):
        told = [row[column] / DAY for row in issues if str(row["status_name"]) == stage and row[column] is not None]
        found.append((place, max(told, default=None)))
    return found


def _told(row: Row) -> str:
    return f"{row['issue_key']}: {_days(row['age_s'] / DAY)}{', blocked' if row['is_blocked'] else ''}"


def _days(value: float) -> str:
    return f"{value:.1f} days" if value < 10 else f"{value:.0f} days"


def _scopes(rows: Sequence[Row]) -> Iterator[tuple[str, list[Any]]]:
    """Name and rows of each scope; rows are ordered by scope."""
    for (kind, _), group in groupby(rows, key=lambda row: (row["scope_type"], row["scope_id"])):
        found = list(group)
        yield f"{kind} {found[0]['name']}", found


PLOTS = (
    Plot("cycle time scatter", "fct_issue_cycle_time", SCATTER_QUERY, scatter_charts),
    Plot("cumulative flow", "mart_cfd", CFD_QUERY, cfd_charts),
    Plot("throughput", "mart_flow_metrics_daily", THROUGHPUT_QUERY, throughput_charts),
    Plot("ageing work", "mart_ageing_wip", AGEING_QUERY, ageing_charts),
)
