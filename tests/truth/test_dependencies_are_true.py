"""Who waits for whom: edges of the pipeline against those of the company (METRICS.md section 4.1)."""

import networkx as nx
import pytest
from whole_pipeline import Published, Row

Edge = tuple[str, str]
NATIVE = {"jira_link", "gh_dependency"}


@pytest.fixture(scope="module")
def edges(published: Published) -> list[Row]:
    """Dependencies that hold now."""
    return published.rows("select * from int.int_dependency_edge where edge_type = 'blocks' and valid_to is null")


def ends(row: Row) -> Edge:
    return row["blocker_issue_id"], row["blocked_issue_id"]


def true(published: Published, name: str) -> set[Edge]:
    return {
        (published.issue_id(blocker), published.issue_id(blocked))
        for blocker, blocked in getattr(published.company.truth, name)
    }


def test_native_links_are_the_hard_edges(published: Published, edges: list[Row]) -> None:
    """Precision and recall of 100 %, over both trackers."""
    native = {ends(row) for row in edges if NATIVE & set(row["provenance"].split(","))}
    assert native == true(published, "hard_edges")
    assert {edge[0].split(":")[0] for edge in native} == {"jira", "github"}


def test_phrases_and_remote_links_are_the_text_edges(published: Published, edges: list[Row]) -> None:
    known = [row for row in edges if not row["blocker_is_placeholder"] and not row["blocked_is_placeholder"]]
    found = {ends(row) for row in known if row["is_counted"]} - true(published, "hard_edges")
    expected = true(published, "text_edges") - true(published, "hard_edges")
    right = len(found & expected)
    assert right >= 0.95 * len(expected), f"recall: {right} of {len(expected)}, missed {sorted(expected - found)}"
    assert right >= 0.95 * len(found), f"precision: {right} of {len(found)}, invented {sorted(found - expected)}"
    assert any(blocker.split(":")[0] != blocked.split(":")[0] for blocker, blocked in expected)


def texts_of(published: Published, issue_id: str) -> list[str]:
    """Where an issue may say that it waits: its description and the addresses it links to."""
    if issue_id in published.github_issues:
        return [published.github_issues[issue_id].body]
    issue = published.jira_issues[issue_id]
    return [issue.description, *(link.url for link in issue.remote_links)]


def test_placeholders_are_named_in_a_text_and_nowhere_else(published: Published, edges: list[Row]) -> None:
    """Somebody waits for an issue that does not exist, or that was deleted or hidden."""
    company = published.company
    keys = {issue.key for issue in published.jira_issues.values()}
    keys |= {f"{company.organization}/{issue.repo}#{issue.number}" for issue in published.github_issues.values()}
    placeholders = [row for row in edges if row["blocker_is_placeholder"] or row["blocked_is_placeholder"]]
    assert placeholders
    for row in placeholders:
        assert not row["blocked_is_placeholder"], "only those who wait write of it"
        assert row["blocker_key"] not in keys
        name = row["blocker_key"].split("#")[-1]
        assert any(name in text for text in texts_of(published, row["blocked_issue_id"])), row


def test_the_circle_is_there_to_be_seen(published: Published, edges: list[Row]) -> None:
    circles = [
        [one for one in nx.strongly_connected_components(nx.DiGraph(pairs)) if len(one) > 1]
        for pairs in ([ends(row) for row in edges if row["is_counted"]],
                      true(published, "hard_edges") | true(published, "text_edges"))
    ]
    assert circles[0] == circles[1]
    assert [len(one) for one in circles[0]] == [3]
