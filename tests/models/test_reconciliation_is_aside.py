"""What Jira's private endpoint says is compared with and told; no number may come to rest on it."""

import networkx as nx

from itpm_pipeline.modeling.graph import dependency_graph
from itpm_pipeline.modeling.project import load_project

REPORTS = {("core", "sprint_report"), ("core", "sprint_report_issue")}
COMPARISON = {"int_sprint_report_issue", "mart_sprint_reconciliation", "mart_sprint_reconciliation_issue"}
TOLD_IN = {"int_board_finding", "mart_data_quality"}
"""Findings of data quality, which feed nothing."""


def test_nothing_is_built_from_reports_but_the_comparison_and_what_tells_of_it() -> None:
    project = load_project()
    readers = {name for name, model in project.models.items() if REPORTS & set(model.declared.sources)}
    assert readers <= COMPARISON
    graph = dependency_graph(project)
    fed = readers.union(*(nx.descendants(graph, name) for name in readers))
    assert fed == COMPARISON | TOLD_IN


def test_a_difference_warns_and_blocks_nothing() -> None:
    checks = {check.name: check for check in load_project().models["mart_sprint_reconciliation"].checks}
    assert not checks["jira_reports_the_same"].blocking
