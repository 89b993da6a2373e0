"""Plots of velocity: what was planned and finished, how scope moved, how the running sprint stands."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from itpm_pipeline.reports.chart import Band, Bars, Chart, Colour, Dots, Line, Rule
from itpm_pipeline.reports.plot import Plot, Row

SPRINTS_SHOWN = 12
"""The last so many sprints of each board."""

VELOCITY_QUERY = """
select
    velocity.sequence_scope,
    coalesce(velocity.team_name, project.project_key, '(no team)') as team_name,
    velocity.sprint_name,
    velocity.effective_start_at,
    velocity.velocity_unit,
    velocity.is_approximate,
    case when velocity.velocity_unit = 'points' then velocity.committed_points else velocity.committed_count end
        as committed,
    velocity.velocity as completed,
    velocity.velocity_mean_k,
    velocity.velocity_range_90_low,
    velocity.velocity_range_90_high
from {{ ref('mart_team_sprint_velocity') }} as velocity
inner join {{ ref('int_sprint_clock') }} as clock on velocity.sprint_id = clock.sprint_id
left join {{ source('core', 'project') }} as project on clock.project_id = project.project_id
where velocity.state = 'closed' and velocity.sprint_kind <> 'gh_milestone'
order by team_name, velocity.sequence_scope, velocity.effective_start_at, velocity.sprint_id
"""


def velocity_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per sequence of sprints: committed beside completed, rolling mean and 90 % range."""
    charts = []
    for sprints in _sequences(rows, "committed", "completed"):
        places = range(len(sprints))
        names, common = _distinct_parts(sprints)
        ranges = [(place, sprints[place]["velocity_range_90_low"], sprints[place]["velocity_range_90_high"])
                  for place in places]  # fmt: skip
        charts.append(
            Chart(
                title=f"Velocity of {sprints[0]['team_name']}",
                subtitle=f"{sprints[0]['velocity_unit']} per sprint, last {len(sprints)} closed sprints",
                y_name=sprints[0]["velocity_unit"],
                x_name=common,
                categories=names,
                marks=[
                    Band("range that holds the median with 90 %", Colour.DONE, ranges),
                    Bars("committed", Colour.PLANNED, [row["committed"] for row in sprints]),
                    Bars("completed", Colour.DONE, [row["completed"] for row in sprints]),
                    Line("rolling mean", Colour.TREND,
                         [(place, sprints[place]["velocity_mean_k"]) for place in places], has_dots=True),
                ],
                note=_note(sprints),
            )
        )  # fmt: skip
    return charts


SCOPE_QUERY = """
select
    change.sequence_scope,
    coalesce(change.team_name, project.project_key, '(no team)') as team_name,
    change.sprint_name,
    change.effective_start_at,
    velocity.velocity_unit,
    change.is_approximate,
    case when velocity.velocity_unit = 'points' then change.committed_points else change.committed_count end
        as committed,
    case when velocity.velocity_unit = 'points' then change.added_points else change.added_count end as added,
    case when velocity.velocity_unit = 'points' then change.removed_points else change.removed_count end as removed,
    case when velocity.velocity_unit = 'points' then change.estimate_change_points else 0 end as estimate_change
from {{ ref('mart_sprint_scope_change') }} as change
inner join {{ ref('mart_team_sprint_velocity') }} as velocity on change.sprint_id = velocity.sprint_id
inner join {{ ref('int_sprint_clock') }} as clock on change.sprint_id = clock.sprint_id
left join {{ source('core', 'project') }} as project on clock.project_id = project.project_id
where change.state = 'closed' and change.sprint_kind <> 'gh_milestone'
order by team_name, change.sequence_scope, change.effective_start_at, change.sprint_id
"""


def scope_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per sequence of sprints: what came after the start above zero, what left below, and the net of it."""
    charts = []
    for sprints in _sequences(rows, "added", "removed", "estimate_change"):
        names, common = _distinct_parts(sprints)
        changes = [float(row["estimate_change"] or 0) for row in sprints]
        added, removed = ([float(row[name] or 0) for row in sprints] for name in ("added", "removed"))
        net = [plus - minus + change for plus, minus, change in zip(added, removed, changes, strict=True)]
        charts.append(
            Chart(
                title=f"Scope change of {sprints[0]['team_name']}",
                subtitle=f"{sprints[0]['velocity_unit']} after the start, last {len(sprints)} closed sprints",
                y_name=sprints[0]["velocity_unit"],
                x_name=common,
                categories=names,
                marks=[
                    Bars("added", Colour.ADDED, added, stack="scope"),
                    Bars("re-estimated", Colour.CHANGED, changes, stack="scope"),
                    Bars("removed", Colour.REMOVED, [-value for value in removed], stack="scope"),
                    Dots("net change", Colour.TREND, list(enumerate(net))),
                ],
                note=_note(sprints),
            )
        )
    return charts


BURN_UP_QUERY = """
select
    burn_up.sprint_id,
    coalesce(burn_up.team_name, project.project_key, '(no team)') as team_name,
    burn_up.sprint_name,
    burn_up.effective_start_at,
    burn_up.planned_end_at,
    burn_up.as_of,
    burn_up.occurred_at,
    burn_up.scope_points,
    burn_up.completed_points,
    burn_up.scope_count,
    burn_up.completed_count
from {{ ref('mart_sprint_burn_up') }} as burn_up
inner join {{ ref('int_sprint_clock') }} as sprint on burn_up.sprint_id = sprint.sprint_id
left join {{ source('core', 'project') }} as project on sprint.project_id = project.project_id
where burn_up.state = 'active' and sprint.kind <> 'gh_milestone'
order by team_name, burn_up.effective_start_at, burn_up.sprint_id, burn_up.occurred_at
"""


def burn_up_charts(rows: Sequence[Row]) -> list[Chart]:
    """One chart per running sprint: its scope and what is done of it, from its start to now, against an even pace."""
    charts = []
    for _, group in groupby(rows, key=lambda row: row["sprint_id"]):
        steps = list(group)
        unit = "points" if any(row["scope_points"] for row in steps) else "issues"
        of_scope, of_done = ("scope_points", "completed_points") if unit == "points" else (
            "scope_count", "completed_count")  # fmt: skip
        if not any(row[of_scope] for row in steps):
            continue
        last, start, end = steps[-1], steps[0]["effective_start_at"], steps[0]["planned_end_at"]
        lines = [
            Line(name, colour, [*((row["occurred_at"], row[column]) for row in steps), (last["as_of"], last[column])],
                 is_step=True)
            for name, colour, column in (("scope", Colour.ADDED, of_scope), ("done", Colour.DONE, of_done))
        ]  # fmt: skip
        pace = [Line("even pace", Colour.PLANNED, [(start, 0), (end, last[of_scope])], is_dashed=True)] if end else []
        ends = [Rule("planned end", Colour.WARNING, end, is_vertical=True)] if end else []
        charts.append(
            Chart(
                title=f"Burn-up of {last['team_name']}: {last['sprint_name']}",
                subtitle=f"{last[of_done]:g} of {last[of_scope]:g} {unit} done on {last['as_of']:%-d %B %Y, %H:%M} UTC",
                y_name=unit,
                marks=[*pace, *lines, *ends, Rule("now", Colour.TREND, last["as_of"], is_vertical=True)],
            )
        )
    return charts


def _sequences(rows: Sequence[Row], *columns: str) -> Iterator[list[Row]]:
    """The last sprints of each sequence that has something to show in one of these columns."""
    for _, group in groupby(rows, key=lambda row: row["sequence_scope"]):
        sprints = list(group)[-SPRINTS_SHOWN:]
        if any(row[column] for row in sprints for column in columns):
            yield sprints


def _distinct_parts(sprints: Sequence[Row]) -> tuple[list[str], str]:
    """Names of sprints without the words they all begin with, and these words, which then name the axis."""
    names = [str(row["sprint_name"] or "").split() for row in sprints]
    common = 0
    while len(names) > 1 and all(len(name) > common + 1 for name in names) and len(
        {name[common] for name in names}
    ) == 1:  # fmt: skip
        common += 1
    return [" ".join(name[common:]) for name in names], " ".join(names[0][:common])


def _note(sprints: Sequence[Row]) -> str:
    marked = sum(bool(row["is_approximate"]) for row in sprints)
    if not marked:
        return ""
    return f"{marked} of {len(sprints)} are approximate: what left them before we watched is not known."


PLOTS = (
    Plot("velocity chart", "mart_team_sprint_velocity", VELOCITY_QUERY, velocity_charts),
    Plot("scope change", "mart_sprint_scope_change", SCOPE_QUERY, scope_charts),
    Plot("burn-up of the running sprint", "mart_sprint_burn_up", BURN_UP_QUERY, burn_up_charts),
)
