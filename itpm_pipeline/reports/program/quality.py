"""How far the numbers can be trusted: freshness, and records that break a rule."""

from collections.abc import Mapping, Sequence

from itpm_pipeline.reports.program.content import Cell, Figure, Row, Section, Table, Tone
from itpm_pipeline.reports.program.formats import percent, whole

_QUALITY, _STATUS, _PROJECT = "mart_data_quality", "mart_program_status", "dim_project"
RULES_SHOWN = 12
_SEVERITY = {"error": Tone.BAD, "warning": Tone.WARNING}

QUERIES = {
    "status": "select * from mart.mart_program_status",
    "rules": """
        select project.program_id, quality.rule, quality.severity, sum(quality.failed) as failed,
            sum(quality.total) as total, min(quality.sample_keys) as sample_keys
        from mart.mart_data_quality as quality
        inner join mart.dim_project as project on project.project_ref = quality.scope
        where quality.failed > 0
        group by project.program_id, quality.rule, quality.severity
        order by project.program_id, quality.severity desc, failed desc, quality.rule
    """,
    "projects": "select * from mart.dim_project order by project_ref",
}


def build(found: Mapping[str, Sequence[Row]]) -> list[Section]:
    """The section; METRICS.md 6."""
    (status,) = found["status"]
    rules, projects = found["rules"], found["projects"]
    synced = status["last_synced_at"]
    share = status["complete_history_share"]
    return [Section(
        "quality", "Data quality and freshness", "",
        [
            Figure("read last", None if synced is None else f"{synced:%Y-%m-%d %H:%M} UTC",
                   (_STATUS, "last_synced_at")),
            Figure("issues with whole history", percent(share), (_STATUS, "complete_history_share"),
                   Tone.WARNING if share is not None and share < 1 else Tone.PLAIN),
        ],
        [
            Table(
                "Projects",
                [("project", None), ("name", None), ("read last", (_PROJECT, "last_read_at")),
                 ("not read because", (_PROJECT, "skip_reason"))],
                [[Cell(row["project_ref"], link=row["url"]), Cell(row["name"]),
                  Cell(None if row["last_read_at"] is None else f"{row['last_read_at']:%Y-%m-%d %H:%M}"),
                  Cell(row["skip_reason"] or "", Tone.WARNING if row["skip_reason"] else Tone.PLAIN)]
                 for row in projects],
            ),
            Table(
                "Records to mend in the trackers",
                [("rule", None), ("severity", (_QUALITY, "severity")), ("records", (_QUALITY, "failed")),
                 ("of", (_QUALITY, "total")), ("for example", (_QUALITY, "sample_keys"))],
                [[Cell(row["rule"].replace("_", " ")),
                  Cell(row["severity"], _SEVERITY.get(row["severity"], Tone.PLAIN)),
                  Cell(whole(row["failed"])), Cell(whole(row["total"])), Cell(row["sample_keys"])]
                 for row in rules[:RULES_SHOWN]],
                nothing="No rule is broken.", left_out=max(0, len(rules) - RULES_SHOWN),
            ),
        ],
    )]  # fmt: skip
