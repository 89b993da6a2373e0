"""Plots of velocity: what was planned and finished, how scope moved, how the running sprint stands."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from itpm_pipeline.reports.chart import Band, Bars, Chart, Colour, Line
from itpm_pipeline.reports.plot import Plot, Row

SPRINTS_SHOWN = 12
"""The last so many sprints of each board."""

VELOCITY_QUERY = """
select
    sequence_scope,
    coalesce(team_name, sequence_scope) as team_name,
    sprint_name,
    effective_start_at,
    velocity_unit,
    is_approximate,
    case when velocity_unit = 'points' then committed_points else committed_count end as committed,
    velocity as completed,
    velocity_mean_k,
    velocity_range_90_low,
    velocity_range_90_high
from {{ ref('mart_team_sprint_velocity') }}
where state = 'closed'
order by team_name, sequence_scope, effective_start_at, sprint_id
"""


def velocity_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per sequence of sprints: committed beside completed, rolling mean and 90 % range."""
    return [
        Chart(
            title=f"Velocity of {sprints[0]['team_name']}",
            subtitle=f"{sprints[0]['velocity_unit']} per sprint, last {len(sprints)} closed sprints",
            y_name=sprints[0]["velocity_unit"],
            categories=[row["sprint_name"] or "" for row in sprints],
            marks=[
                Band("90 % range of the last sprints", Colour.DONE, [
                    (place, row["velocity_range_90_low"], row["velocity_range_90_high"])
                    for place, row in enumerate(sprints)
                ]),
                Bars("committed", Colour.PLANNED, [row["committed"] for row in sprints]),
                Bars("completed", Colour.DONE, [row["completed"] for row in sprints]),
                Line("rolling mean", Colour.TREND, [
                    (place, row["velocity_mean_k"]) for place, row in enumerate(sprints)
                ], has_dots=True),
            ],
            note=_note(sprints),
        )
        for sprints in _sequences(rows)
    ]  # fmt: skip


def _sequences(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The last sprints of each sequence in which something was committed or finished."""
    for _, group in groupby(rows, key=lambda row: row["sequence_scope"]):
        sprints = list(group)[-SPRINTS_SHOWN:]
        if any(row["committed"] or row["completed"] for row in sprints):
            yield sprints


def _note(sprints: Sequence[Row]) -> str:
    marked = sum(bool(row["is_approximate"]) for row in sprints)
    if not marked:
        return ""
    return f"{marked} of {len(sprints)} are approximate: what left them before we watched is not known."


PLOTS = (Plot("velocity chart", "mart_team_sprint_velocity", VELOCITY_QUERY, velocity_charts),)
