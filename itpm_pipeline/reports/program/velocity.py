"""How much the teams plan and finish, and how scope moved."""

from collections.abc import Mapping, Sequence

from itpm_pipeline.reports.chart import Bars, Chart, Colour
from itpm_pipeline.reports.drawing import Picture, for_any_width
from itpm_pipeline.reports.program.content import Cell, Figure, Row, Section, Table, Tone
from itpm_pipeline.reports.program.formats import day, decimal, percent, whole

_PERIODS, _SPRINTS, _SCOPE = "mart_program_velocity", "mart_team_sprint_velocity", "mart_sprint_scope_change"
MONTHS_SHOWN = 12

QUERIES = {
    "months": """
        select period.*, parameter.predictability_green
        from mart.mart_program_velocity as period
        cross join ops.build_parameter as parameter
        where period.period_kind = 'month' order by period.period_start_date
    """,
    # Of each sequence of sprints that worked for the program the last closed one.
    "sprints": """
        select program_id, velocity.*, change.net_scope_growth_count, change.add_event_count, change.remove_event_count
        from (
            select
                program_id, sprint_id,
                row_number() over (partition by program_id, sequence_scope order by effective_end_at desc, sprint_id)
                    as recency_no
            from (
                select distinct issue.program_id, sprint.sprint_id, sprint.sequence_scope, sprint.effective_end_at
                from mart.mart_team_sprint_velocity as sprint
                inner join mart.fct_sprint_issue as member on member.sprint_id = sprint.sprint_id
                inner join mart.dim_issue as issue on issue.issue_id = member.issue_id
                where sprint.state = 'closed' and sprint.sprint_kind <> 'gh_milestone'
            ) as worked
        ) as ranked
        inner join mart.mart_team_sprint_velocity as velocity on velocity.sprint_id = ranked.sprint_id
        left join mart.mart_sprint_scope_change as change on change.sprint_id = ranked.sprint_id
        where ranked.recency_no = 1
        order by program_id, velocity.team_name, velocity.sequence_scope
    """,
}


def build(found: Mapping[str, Sequence[Row]]) -> list[Section]:
    """Two sections: METRICS.md 2.5 to 2.7, and 2.4."""
    months, sprints = found["months"], found["sprints"]
    return [_velocity(months, sprints), *([_scope(sprints)] if sprints else [])]


def _velocity(months: Sequence[Row], sprints: Sequence[Row]) -> Section:
    complete = [row for row in months if row["is_complete"]]
    last = complete[-1] if complete else None
    figures = []
    if last is not None:
        rate = last["delivered_per_week_change"]
        reliability = last["pooled_reliability"]
        figures = [
            Figure(f"delivered in {last['period_name']}", whole(last["delivered_count"]),
                   (_PERIODS, "delivered_count")),
            Figure("per week", decimal(last["delivered_per_week"]), (_PERIODS, "delivered_per_week"),
                   detail="" if rate is None else f"{rate:+.0%} on the month before"),
            Figure("commitment kept", percent(reliability), (_PERIODS, "pooled_reliability"),
                   _kept(reliability, last["predictability_green"])),
            Figure("velocity index", whole(last["velocity_index"]), (_PERIODS, "velocity_index"),
                   detail="100: as in the baseline"),
        ]  # fmt: skip
    unit = (_SPRINTS, "velocity_unit")
    return Section(
        "velocity", "Velocity",
        "Points of teams with different scales are not added up; a program's velocity is counted in issues.",
        figures,
        [Table(
            "Last closed sprint of each board",
            [("team", None), ("sprint", None), ("ended", (_SPRINTS, "effective_end_at")), ("unit", unit),
             ("committed", (_SPRINTS, "committed_points")), ("completed", (_SPRINTS, "velocity")),
             ("mean", (_SPRINTS, "velocity_mean_k")), ("usual range", (_SPRINTS, "velocity_range_90_low")),
             ("say/do", (_SPRINTS, "say_do_ratio"))],
            [_sprint(row) for row in sprints],
            nothing="No closed sprint worked for this program.",
        )],
        _months_picture(months[-MONTHS_SHOWN:]),
    )  # fmt: skip


def _sprint(row: Row) -> list[Cell]:
    in_points = row["velocity_unit"] == "points"
    low, high = row["velocity_range_90_low"], row["velocity_range_90_high"]
    say_do = row["say_do_ratio"] if in_points else row["say_do_ratio_count"]
    name = row["sprint_name"] + (" (approximate)" if row["is_approximate"] else "")
    return [
        Cell(row["team_name"] or "(no team)"), Cell(name), Cell(day(row["effective_end_at"])),
        Cell(row["velocity_unit"]),
        Cell(decimal(row["committed_points"] if in_points else row["committed_count"])),
        Cell(decimal(row["velocity"])), Cell(decimal(row["velocity_mean_k"])),
        Cell(None if low is None or high is None else f"{decimal(low)} to {decimal(high)}"),
        # Of an iteration that nobody watched, only what was finished is known: its ratio would flatter.
        Cell(None if row["is_approximate"] else percent(say_do)),
    ]  # fmt: skip


def _scope(sprints: Sequence[Row]) -> Section:
    known = [row for row in sprints if not row["is_approximate"]]
    return Section(
        "scope", "Scope", "How the last closed sprints changed after they began, in issues.",
        tables=[Table(
            "Scope change",
            [("team", None), ("sprint", None), ("committed", (_SPRINTS, "committed_count")),
             ("added", (_SPRINTS, "added_count")), ("removed", (_SPRINTS, "removed_count")),
             ("growth", (_SCOPE, "net_scope_growth_count")), ("carried over", (_SPRINTS, "carry_over_rate")),
             ("unplanned", (_SPRINTS, "unplanned_share"))],
            [[Cell(row["team_name"] or "(no team)"), Cell(row["sprint_name"]), Cell(whole(row["committed_count"])),
              Cell(whole(row["added_count"])), Cell(whole(row["removed_count"])),
              Cell(percent(row["net_scope_growth_count"])), Cell(percent(row["carry_over_rate"])),
              Cell(percent(row["unplanned_share"]))] for row in known],
            nothing="No closed sprint whose scope is known exactly.",
        )],
    )  # fmt: skip


def _kept(reliability: float | None, green: float) -> str:
    """Green from where the settings call a program predictable (``rag.predictability``), as in its status."""
    return Tone.PLAIN if reliability is None else Tone.GOOD if reliability >= green else Tone.WARNING


def _months_picture(months: Sequence[Row]) -> list[Picture]:
    if len(months) < 2:
        return []
    chart = Chart(
        "Delivered per month", "issues", [Bars("delivered", Colour.DONE, [row["delivered_count"] for row in months])],
        categories=[row["period_name"] + ("" if row["is_complete"] else " so far") for row in months],
    )
    return [for_any_width(chart)]
