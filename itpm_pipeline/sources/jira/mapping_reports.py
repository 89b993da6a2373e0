"""A site's own report on a sprint to canonical rows."""

from collections.abc import Mapping
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.vocabulary import ReportCategory
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.context import JiraContext
from itpm_pipeline.sources.jira.values import mapping, native_id, number, objects, text

LISTS = (
    (ReportCategory.COMPLETED, "completedIssues", "completedIssues"),
    (ReportCategory.NOT_COMPLETED, "issuesNotCompletedInCurrentSprint", "issuesNotCompleted"),
    (ReportCategory.PUNTED, "puntedIssues", "puntedIssues"),
    (ReportCategory.COMPLETED_ELSEWHERE, "issuesCompletedInAnotherSprint", "issuesCompletedInAnotherSprint"),
)
"""What became of issues; the report's list of them; how the names of its sums begin."""


def map_sprint_report(
    payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows
) -> None:
    """Report of a sprint: its sums, and the issues in it, each in the first list that has it.

    A report without any list is none: its record is rejected.
    """
    del record
    sprint, board = payload.get("sprintId"), payload.get("boardId")
    contents = mapping(mapping(payload.get("report")).get("contents"))
    if not any(isinstance(contents.get(listed), list) for _, listed, _ in LISTS):
        raise MappingError(f"the report of sprint {sprint} lists no issues")
    sprint_id = context.ref("sprint", sprint)
    added = contents.get("issueKeysAddedDuringSprint")
    # An object of key to true; older sites have a list of keys.
    added_keys = frozenset(map(str, added)) if isinstance(added, Mapping | list) else frozenset()
    report: dict[str, Any] = {
        "sprint_id": sprint_id,
        "board_id": context.ref("board", board),
        "estimate_field": None,
    }
    rows.replace("sprint_report_issue", sprint_id)
    seen: set[str] = set()
    for category, listed, sums in LISTS:
        report[f"{category}_points"] = number(mapping(contents.get(f"{sums}EstimateSum")).get("value"))
        report[f"{category}_initial_points"] = number(mapping(contents.get(f"{sums}InitialEstimateSum")).get("value"))
        for issue in objects(contents.get(listed)):
            issue_id = context.issue_ref(native_id(issue, f"an issue in the report of sprint {sprint}"))
            if issue_id in seen:
                continue
            seen.add(issue_id)
            first, last = (mapping(issue.get(name)) for name in ("estimateStatistic", "currentEstimateStatistic"))
            report["estimate_field"] = report["estimate_field"] or text(
                last.get("statFieldId") or first.get("statFieldId")
            )
            rows.add("sprint_report_issue", {
                "sprint_id": sprint_id,
                "issue_id": issue_id,
                "issue_key": text(issue.get("key")),
                "category": category,
                "is_added": str(issue.get("key")) in added_keys,
                "initial_estimate": number(mapping(first.get("statFieldValue")).get("value")),
                "current_estimate": number(mapping(last.get("statFieldValue")).get("value")),
            })  # fmt: skip
    rows.add("sprint_report", report)
