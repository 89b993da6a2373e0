"""Connections: every record once, whichever way one pages; filters and orders."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from acme_organization import ISSUES, START

ISSUE_PAGE = """
query($first: Int, $after: String, $last: Int, $before: String, $order: IssueOrder, $filter: IssueFilters) {
  repository(owner: "acme", name: "checkout") {
    issues(first: $first, after: $after, last: $last, before: $before, orderBy: $order, filterBy: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { number updatedAt createdAt }
    }
  }
}
"""
VISIBLE = [*range(1, ISSUES + 1), 902]


def forwards(github: Any, size: int, **variables: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        page = github.ask(ISSUE_PAGE, first=size, after=after, **variables)["repository"]["issues"]
        nodes += page["nodes"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        assert page["pageInfo"]["endCursor"] != after
        after = page["pageInfo"]["endCursor"]


def backwards(github: Any, size: int, **variables: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    before = None
    while True:
        page = github.ask(ISSUE_PAGE, last=size, before=before, **variables)["repository"]["issues"]
        nodes = page["nodes"] + nodes
        assert page["pageInfo"]["hasNextPage"] is (before is not None)
        if not page["pageInfo"]["hasPreviousPage"]:
            return nodes
        before = page["pageInfo"]["startCursor"]


@pytest.mark.parametrize("field", ["CREATED_AT", "UPDATED_AT", "COMMENTS"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("size", [7, 100])
def test_both_ways_visit_every_issue_once(github: Any, field: str, direction: str, size: int) -> None:
    order = {"field": field, "direction": direction}
    there = forwards(github, size, order=order)
    assert sorted(node["number"] for node in there) == VISIBLE
    assert backwards(github, size, order=order) == there
    if field != "COMMENTS":
        name = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt"}[field]
        instants = [node[name] for node in there]
        assert instants == sorted(instants, reverse=direction == "DESC")


def test_an_issue_updated_between_pages_moves_and_none_is_lost(start: Callable[..., Any]) -> None:
    github = start()
    order = {"field": "UPDATED_AT", "direction": "ASC"}
    first = github.ask(ISSUE_PAGE, first=50, order=order)["repository"]["issues"]
    seen = [node["number"] for node in first["nodes"]]
    moved = next(issue for issue in github.company.repositories["checkout"].issues if issue.number == seen[0])
    moved.updated_at = github.company.now
    rest: list[int] = []
    after = first["pageInfo"]["endCursor"]
    while after:
        page = github.ask(ISSUE_PAGE, first=50, after=after, order=order)["repository"]["issues"]
        rest += [node["number"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert rest[-1] == moved.number
    assert sorted({*seen, *rest}) == VISIBLE
    assert len(seen) + len(rest) == len(VISIBLE) + 1


def test_since_includes_the_instant_itself(github: Any) -> None:
    issues = github.company.repositories["checkout"].issues
    bound = sorted(issue.updated_at for issue in issues if issue.deleted_at is None)[100]
    expected = {i.number for i in issues if i.updated_at >= bound and i.deleted_at is None}
    found = {node["number"] for node in forwards(github, 100, filter={"since": bound.isoformat()})}
    assert found == expected
    later = (bound + timedelta(seconds=1)).isoformat()
    assert len(forwards(github, 100, filter={"since": later})) < len(expected)


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"assignee": "ben-acme"}, [1]),
        ({"milestone": "*"}, [1]),
        ({"milestoneNumber": "1"}, [1]),
        ({"milestoneNumber": "2"}, []),
        ({"type": "bug"}, [1]),
        ({"labels": ["bug", "blocked"]}, [1]),
        ({"createdBy": "nobody"}, []),
        ({"states": ["CLOSED"], "since": "2026-11-01T00:00:00Z"}, []),
        ({"createdBy": None}, [902]),
    ],
)
def test_filters(github: Any, filters: dict[str, Any], numbers: list[int]) -> None:
    assert [node["number"] for node in forwards(github, 100, filter=filters)] == numbers


def test_states_and_labels(github: Any) -> None:
    query = """{ repository(owner: "acme", name: "checkout") {
      open: issues(states: OPEN) { totalCount } closed: issues(states: CLOSED) { totalCount }
      bugs: issues(labels: ["bug"]) { totalCount } all: issues { totalCount } } }"""
    found = {name: page["totalCount"] for name, page in github.ask(query)["repository"].items()}
    assert found == {"open": 115, "closed": 116, "bugs": 77, "all": 231}


def test_edges_hold_the_cursors_that_continue(github: Any) -> None:
    query = """query($after: String) { repository(owner: "acme", name: "checkout") {
      labels(first: 2, after: $after) { edges { cursor node { name } } pageInfo { startCursor endCursor } } } }"""
    labels = github.ask(query)["repository"]["labels"]
    assert [edge["node"]["name"] for edge in labels["edges"]] == ["bug", "blocked"]
    assert labels["pageInfo"] == {
        "startCursor": labels["edges"][0]["cursor"],
        "endCursor": labels["edges"][1]["cursor"],
    }
    rest = github.ask(query, after=labels["edges"][0]["cursor"])["repository"]["labels"]
    assert [edge["node"]["name"] for edge in rest["edges"]] == ["blocked"]


ITEM_PAGE = """
query($first: Int, $after: String, $last: Int, $before: String, $direction: OrderDirection!) {
  organization(login: "acme") { projectV2(number: 7) {
    items(first: $first, after: $after, last: $last, before: $before,
          orderBy: {field: POSITION, direction: $direction}) {
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id } } } }
}
"""


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_lists_without_an_order_of_their_own_both_ways(github: Any, direction: str) -> None:
    def page(**variables: Any) -> dict[str, Any]:
        found: dict[str, Any] = github.ask(ITEM_PAGE, direction=direction, **variables)["organization"]["projectV2"]
        return dict(found["items"])

    whole = [node["id"] for node in page(first=100)["nodes"]]
    there: list[str] = []
    part = page(first=7)
    while True:
        there += [node["id"] for node in part["nodes"]]
        if not part["pageInfo"]["hasNextPage"]:
            break
        part = page(first=7, after=part["pageInfo"]["endCursor"])
    back: list[str] = []
    part = page(last=7)
    while True:
        back = [node["id"] for node in part["nodes"]] + back
        if not part["pageInfo"]["hasPreviousPage"]:
            break
        part = page(last=7, before=part["pageInfo"]["startCursor"])
    assert len(whole) == 31
    assert there == back == whole
    between = page(
        first=5, after=page(first=3)["pageInfo"]["endCursor"], before=page(last=4)["pageInfo"]["startCursor"]
    )
    assert [node["id"] for node in between["nodes"]] == whole[3:8]


def test_pull_requests_by_update_time(github: Any) -> None:
    query = """query($after: String) { repository(owner: "acme", name: "checkout") {
      pullRequests(first: 3, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
        nodes { number updatedAt } pageInfo { hasNextPage endCursor } } } }"""
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        page = github.ask(query, after=after)["repository"]["pullRequests"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert sorted(node["number"] for node in nodes) == list(range(1001, 1008))
    assert [n["updatedAt"] for n in nodes] == sorted((n["updatedAt"] for n in nodes), reverse=True)


def test_timeline_filters_and_counts(github: Any) -> None:
    query = """query($types: [IssueTimelineItemsItemType!], $since: DateTime, $after: String, $skip: Int, $first: Int) {
      repository(owner: "acme", name: "checkout") { issue(number: 1) {
        timelineItems(first: $first, after: $after, itemTypes: $types, since: $since, skip: $skip) {
          totalCount filteredCount pageCount updatedAt pageInfo { hasNextPage endCursor } nodes { __typename }
    } } } }"""

    def page(first: int = 100, **variables: Any) -> dict[str, Any]:
        found: dict[str, Any] = github.ask(query, first=first, **variables)["repository"]["issue"]["timelineItems"]
        return found

    whole = page()
    # Of 24 events one came from an issue that is deleted.
    assert whole["totalCount"] == whole["filteredCount"] == whole["pageCount"] == len(whole["nodes"]) == 23
    assert whole["updatedAt"] == (START + timedelta(minutes=230)).strftime("%Y-%m-%dT%H:%M:%SZ")

    labels = page(types=["LABELED_EVENT", "UNLABELED_EVENT"])
    assert [node["__typename"] for node in labels["nodes"]] == ["LabeledEvent", "UnlabeledEvent"]
    assert labels["totalCount"] == 2

    # The events stand ten minutes apart, from the creation on.
    since = (START + timedelta(minutes=220)).isoformat()
    assert [node["__typename"] for node in page(since=since)["nodes"]] == ["ClosedEvent", "ReopenedEvent"]

    names: list[str] = []
    after = None
    while True:
        part = page(first=5, after=after)
        assert part["filteredCount"] == 23 - len(names)
        assert part["pageCount"] == len(part["nodes"])
        names += [node["__typename"] for node in part["nodes"]]
        if not part["pageInfo"]["hasNextPage"]:
            break
        after = part["pageInfo"]["endCursor"]
    assert names == [node["__typename"] for node in whole["nodes"]]
    assert page(first=2, skip=3)["nodes"] == whole["nodes"][3:5]


def test_repositories_filtered_and_ordered(github: Any) -> None:
    query = """{ organization(login: "acme") {
      archived: repositories(first: 5, isArchived: true) { nodes { name } }
      issueless: repositories(first: 5, hasIssuesEnabled: false) { nodes { name hasIssuesEnabled } }
      forks: repositories(first: 5, isFork: true) { totalCount }
      named: repositories(first: 3, orderBy: {field: NAME, direction: ASC}) { nodes { name } totalCount } } }"""
    found = github.ask(query)["organization"]
    assert found["archived"]["nodes"] == [{"name": "api"}]
    assert found["issueless"]["nodes"] == [{"name": "api", "hasIssuesEnabled": False}]
    assert found["forks"]["totalCount"] == 0
    assert [node["name"] for node in found["named"]["nodes"]] == ["api", "checkout", "service-03"]
    assert found["named"]["totalCount"] == 44
