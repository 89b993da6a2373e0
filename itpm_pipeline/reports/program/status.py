"""Where the program stands, and why."""

from collections.abc import Mapping, Sequence

from itpm_pipeline.reports.program.content import Cell, Figure, Row, Section, Table, Tone
from itpm_pipeline.reports.program.formats import change, day, percent, whole

QUERIES = {"status": "select * from mart.mart_program_status"}

_MODEL = "mart_program_status"
RAG_TONES = {"green": Tone.GOOD, "amber": Tone.WARNING, "red": Tone.BAD, "grey": Tone.PLAIN}
_DIMENSIONS = (
    ("Schedule", "schedule"), ("Cost", "cost"), ("Dependencies", "dependency"), ("Predictability", "predictability"),
)  # fmt: skip
"""Name, and stem of its columns."""


def build(found: Mapping[str, Sequence[Row]]) -> list[Section]:
    """The section; METRICS.md 5.6."""
    (row,) = found["status"]
    overdue, blocked = row["overdue_count"], row["blocked_count"]
    lead = ""
    if row["is_overridden"]:
        lead = (
            f"Set to {row['overall_rag']} by {row['override_author']} until {day(row['override_expires_on'])}: "
            f"{row['override_reason']} Computed: {row['computed_rag']}."
        )
    return [
        Section(
            "status",
            "Status",
            lead,
            figures=[
                Figure("open issues", whole(row["open_count"]), (_MODEL, "open_count"),
                       detail=f"of {whole(row['issue_count'])}"),
                Figure("in progress", whole(row["wip_count"]), (_MODEL, "wip_count")),
                Figure("done in 28 days", whole(row["throughput_28d"]), (_MODEL, "throughput_28d"),
                       detail=change(row["throughput_28d"], row["throughput_previous_28d"])),
                Figure("blocked", whole(blocked), (_MODEL, "blocked_count"), Tone.WARNING if blocked else Tone.PLAIN),
                Figure("overdue", whole(overdue), (_MODEL, "overdue_count"), Tone.BAD if overdue else Tone.GOOD),
                Figure("open without estimate", percent(row["unestimated_open_share"]),
                       (_MODEL, "unestimated_open_share")),
                Figure("target", day(row["target_date"]), (_MODEL, "target_date")),
            ],
            tables=[
                Table(
                    "By dimension",
                    [("dimension", None), ("status", (_MODEL, "overall_rag")), ("why", None)],
                    [[Cell(name), Cell(_word(row[f"{column}_rag"]), RAG_TONES[row[f"{column}_rag"]]),
                      Cell(row[f"{column}_reason"])] for name, column in _DIMENSIONS],
                )
            ],
        )
    ]  # fmt: skip


def _word(rag: str) -> str:
    return "not enough data" if rag == "grey" else rag
