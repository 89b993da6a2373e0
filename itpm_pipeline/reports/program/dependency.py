"""What waits for what, and what must not slip."""

from collections.abc import Mapping, Sequence

from itpm_pipeline.reports.chart import Chart, Colour, Line
from itpm_pipeline.reports.drawing import Picture, for_any_width
from itpm_pipeline.reports.program.content import Cell, Figure, Row, Section, Table, Tone
from itpm_pipeline.reports.program.formats import day, days, whole

_RISK, _NODE, _CYCLE = "mart_dependency_risk", "mart_dependency_node", "mart_dependency_cycle"
_DAILY, _STATUS = "mart_dependency_daily", "mart_program_status"
RISKS_SHOWN, NODES_SHOWN = 10, 5
_SEVERITY = {3: ("high", Tone.BAD), 2: ("medium", Tone.WARNING), 1: ("low", Tone.PLAIN), 0: ("none", Tone.PLAIN)}

QUERIES = {
    "counts": "select * from mart.mart_program_status",
    # A dependency between two programs is told to both.
    "risks": """
        select program.program_id, risk.*, blocker.url as blocker_url, blocked.url as blocked_url
        from mart.mart_dependency_risk as risk
        inner join mart.dim_program as program
            on program.program_id = risk.blocker_program_id or program.program_id = risk.blocked_program_id
        left join mart.dim_issue as blocker on blocker.issue_id = risk.blocker_issue_id
        left join mart.dim_issue as blocked on blocked.issue_id = risk.blocked_issue_id
        order by risk.severity desc, risk.conflict_days desc nulls last, risk.active_since, risk.edge_id
    """,
    "nodes": """
        select node.*, issue.url
        from mart.mart_dependency_node as node
        left join mart.dim_issue as issue on issue.issue_id = node.issue_id
        where node.blast_radius > 1
        order by node.blast_radius desc, node.issue_key
    """,
    "cycles": """
        select distinct node.program_id, cycle.scc_id, cycle.member_keys, cycle.cut_blocker_key, cycle.cut_blocked_key
        from mart.mart_dependency_cycle as cycle
        inner join mart.mart_dependency_node as node on node.scc_id = cycle.scc_id
        where node.program_id is not null
        order by cycle.scc_id
    """,
    "daily": """
        select scope_id as program_id, * from mart.mart_dependency_daily where scope_type = 'program' order by date
    """,
}


def build(found: Mapping[str, Sequence[Row]]) -> list[Section]:
    """The section; METRICS.md 4.2 to 4.4."""
    counts = found["counts"][0]
    risks, nodes, cycles = found["risks"], found["nodes"], found["cycles"]
    conflicts, late = counts["conflict_count"], counts["overdue_blocker_count"]
    return [Section(
        "dependencies", "Dependencies", "",
        [
            Figure("active", whole(counts["active_dependency_count"]), (_STATUS, "active_dependency_count")),
            Figure("on other projects", whole(counts["open_cross_project_blocker_count"]),
                   (_STATUS, "open_cross_project_blocker_count")),
            Figure("dates that do not fit", whole(conflicts), (_STATUS, "conflict_count"),
                   Tone.BAD if conflicts else Tone.GOOD),
            Figure("blockers overdue", whole(late), (_STATUS, "overdue_blocker_count"),
                   Tone.BAD if late else Tone.GOOD),
            Figure("circles", whole(len({row["scc_id"] for row in cycles})), (_CYCLE, "scc_id"),
                   Tone.BAD if cycles else Tone.GOOD),
        ],
        [
            Table(
                "Most urgent",
                [("waits", None), ("for", None), ("severity", (_RISK, "severity")),
                 ("days in conflict", (_RISK, "conflict_days")), ("blocker due", (_RISK, "blocker_due_date")),
                 ("waiting since", (_RISK, "active_since")), ("waiting behind it", (_RISK, "blocker_blast_radius"))],
                [_risk(row) for row in risks[:RISKS_SHOWN]],
                nothing="Nothing waits for anything.", left_out=max(0, len(risks) - RISKS_SHOWN),
            ),
            Table(
                "Hold up most",
                [("issue", None), ("summary", None), ("waiting behind it", (_NODE, "blast_radius")),
                 ("projects", (_NODE, "blast_projects")), ("itself blocked for", (_NODE, "blocked_s"))],
                [[Cell(row["issue_key"], link=row["url"]), Cell(row["summary"]), Cell(whole(row["blast_radius"])),
                  Cell(whole(row["blast_projects"])), Cell(days(row["blocked_s"] or None))]
                 for row in nodes[:NODES_SHOWN]],
                nothing="No issue holds up more than one other.", left_out=max(0, len(nodes) - NODES_SHOWN),
            ),
            *([Table(
                "Circles: these issues wait for each other",
                [("issues", None), ("the least sure link", (_CYCLE, "cut_edge_id"))],
                [[Cell(row["member_keys"]), Cell(f"{row['cut_blocked_key']} waits for {row['cut_blocker_key']}")]
                 for row in cycles],
            )] if cycles else []),
        ],
        _daily_picture(found["daily"]),
    )]  # fmt: skip


def _risk(row: Row) -> list[Cell]:
    word, tone = _SEVERITY.get(row["severity"], (str(row["severity"]), Tone.PLAIN))
    return [
        Cell(row["blocked_key"], link=row["blocked_url"]), Cell(row["blocker_key"], link=row["blocker_url"]),
        Cell(word, tone), Cell(whole(row["conflict_days"])),
        Cell(day(row["blocker_due_date"]), Tone.BAD if row["is_overdue"] else Tone.PLAIN),
        Cell(day(row["active_since"])), Cell(whole(row["blocker_blast_radius"])),
    ]  # fmt: skip


def _daily_picture(daily: Sequence[Row]) -> list[Picture]:
    if len(daily) < 2:
        return []
    chart = Chart(
        "Blockers of this program's issues", "open blockers",
        [Line("at the end of the day", Colour.WARNING, [(row["date"], row["active_blocker_count"]) for row in daily],
              is_step=True)],
    )  # fmt: skip
    return [for_any_width(chart)]
