"""What GitHub refuses, in its words, and what queries cost."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from graphql import parse

from itpm_pipeline.sandbox.github.documents import prepare
from itpm_pipeline.sandbox.github.limits import Estimate, estimate

REPOSITORY = 'repository(owner: "acme", name: "checkout")'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # The two examples of docs.github.com, "Rate limits and node limits": 550 nodes; 5,101 requests are 51 points.
        ("{ viewer { repositories(first: 50) { edges { node { name issues(first: 10) { totalCount } } } } } }",
         Estimate(1, 550)),
        ("""{ viewer { login repositories(first: 100) { edges { node { id issues(first: 50) { edges { node { id
            labels(first: 60) { edges { node { id name } } } } } } } } } } }""", Estimate(51, 305_100)),
        # The documentation's complex example without followers, which the sandbox does not have: 22,060 less 10.
        ("""{ viewer { repositories(first: 50) { edges { repository: node { name
            pullRequests(first: 20) { edges { node { title comments(first: 10) { edges { node { id } } } } } }
            issues(first: 20) { edges { node { title comments(first: 10) { edges { node { id } } } } } } } } } } }""",
         Estimate(21, 22_050)),
        ("{ viewer { login } }", Estimate(1, 0)),
        (f"{{ {REPOSITORY} {{ issues {{ totalCount }} }} }}", Estimate(1, 0)),
        ("""{ nodes(ids: ["I_1", "I_2", "I_3"]) { ... on Issue { ...L } } }
            fragment L on Issue { labels(last: 100) { nodes { id } } }""", Estimate(1, 303)),
    ],
)  # fmt: skip
def test_cost_is_reckoned_as_documented(query: str, expected: Estimate) -> None:
    parse(query)
    assert estimate(prepare(query, {}, None)) == expected


def test_rate_limit_object_and_headers_agree(start: Callable[..., Any]) -> None:
    github = start(hourly_points=60)
    query = f"""query {{ rateLimit {{ cost limit nodeCount remaining resetAt used }}
      {REPOSITORY} {{ issues(first: 100) {{ nodes {{ labels(first: 100) {{ totalCount }}
      assignees(first: 100) {{ totalCount }} }} }} }} }}"""
    first = github.post(query)
    assert first.json()["data"]["rateLimit"] == {
        "cost": 2, "limit": 60, "nodeCount": 20_100, "remaining": 58, "resetAt": "2026-11-16T09:00:00Z", "used": 2,
    }  # fmt: skip
    assert {name: first.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "used", "resource")} == {
        "limit": "60", "remaining": "58", "used": "2", "resource": "graphql",
    }  # fmt: skip
    assert first.headers["x-ratelimit-reset"] == "1794819600"
    assert first.headers["x-github-request-id"]
    assert first.headers["x-github-media-type"]
    github.ask(query)
    assert github.served.app.state.points == 4
    assert github.served.app.state.requests == {"POST /graphql": 2}
    asked = github.ask("{ rateLimit(dryRun: true) { cost used } }")
    assert asked["rateLimit"] == {"cost": 1, "used": 4}


def test_an_empty_budget_refuses_until_the_hour_is_over(start: Callable[..., Any]) -> None:
    seconds = [0.0]
    github = start(hourly_points=2, elapsed=lambda: seconds[0])
    query = "{ viewer { login } }"
    assert "errors" not in github.post(query).json()
    assert "errors" not in github.post(query).json()
    refused = github.post(query)
    assert refused.status_code == 200
    assert refused.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert github.get("/user").status_code == github.get("/user").status_code == 200
    response = github.get("/user")
    assert response.status_code == 403
    assert response.json()["message"].startswith("API rate limit exceeded for user ID")
    shown = github.get("/rate_limit").json()["resources"]
    assert (shown["core"]["remaining"], shown["graphql"]["used"]) == (0, 2)
    seconds[0] = 3601.0
    assert "errors" not in github.post(query).json()
    assert github.get("/user").headers["x-ratelimit-remaining"] == "1"


def test_an_enterprise_server_without_limits(start: Callable[..., Any]) -> None:
    github = start(hourly_points=None, enterprise_version="3.18.1")
    response = github.post("{ rateLimit { limit remaining } viewer { login } }", path="/api/graphql")
    assert response.json()["data"]["rateLimit"] == {"limit": 0, "remaining": 0}
    assert "x-ratelimit-limit" not in response.headers
    assert response.headers["x-github-enterprise-version"] == "3.18.1"
    assert github.get("/api/v3/rate_limit").status_code == 404
    assert github.get("/api/v3/meta").json()["installed_version"] == "3.18.1"


def test_pages_need_boundaries(github: Any) -> None:
    query = "query {\n  " + REPOSITORY + " {\n    issues { nodes { id } }\n  }\n}"
    body = github.post(query).json()
    assert body["data"] == {"repository": None}
    assert body["errors"] == [{
        "type": "MISSING_PAGINATION_BOUNDARIES",
        "path": ["repository", "issues"],
        "locations": [{"line": 3, "column": 5}],
        "message": "You must provide a `first` or `last` value to properly paginate the `issues` connection.",
    }]  # fmt: skip
    error = github.errors(f"{{ {REPOSITORY} {{ issues(first: 101) {{ nodes {{ id }} }} }} }}")[0]
    assert error["type"] == "EXCESSIVE_PAGINATION"
    assert error["message"] == (
        "Requesting 101 records on the `issues` connection exceeds the `first` limit of 100 records."
    )
    wrong_types = base64.urlsafe_b64encode(b'cursor:v2:["a"]').decode()
    for cursor in ("?", "MTAw", wrong_types):
        error = github.errors(f'{{ {REPOSITORY} {{ issues(first: 1, after: "{cursor}") {{ nodes {{ id }} }} }} }}')[0]
        assert error["type"] == "INVALID_CURSOR_ARGUMENTS"
        assert error["message"] == f"`{cursor}` does not appear to be a valid cursor."


def test_too_many_nodes(github: Any) -> None:
    query = f"""{{ {REPOSITORY} {{ issues(first: 100) {{ nodes {{ timelineItems(first: 100) {{ nodes {{
      ... on SubIssueAddedEvent {{ subIssue {{ labels(first: 50) {{ nodes {{ id }} }} }} }} }} }} }} }} }} }}"""
    spent = github.served.app.state.points
    body = github.post(query).json()
    assert body == {"errors": [{
        "type": "MAX_NODE_LIMIT_EXCEEDED",
        "message": "This query requests up to 510,100 possible nodes which exceeds the maximum limit of 500,000.",
    }]}  # fmt: skip
    assert github.served.app.state.points == spent


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ('{ r: repository(owner: "acme", name: "nope") { id } }', ["r"],
         "Could not resolve to a Repository with the name 'acme/nope'."),
        (f"{{ {REPOSITORY} {{ issue(number: 900) {{ id }} }} }}", ["repository", "issue"],
         "Could not resolve to an Issue with the number of 900."),
        (f"{{ {REPOSITORY} {{ pullRequest(number: 1) {{ id }} }} }}", ["repository", "pullRequest"],
         "Could not resolve to a PullRequest with the number of 1."),
        ('{ organization(login: "acme") { projectV2(number: 99999) { id } } }', ["organization", "projectV2"],
         "Could not resolve to a ProjectV2 with the number 99999."),
        ('{ organization(login: "nobody") { id } }', ["organization"],
         "Could not resolve to an Organization with the login of 'nobody'."),
        ('{ user(login: "gone-acme") { id } }', ["user"],
         "Could not resolve to a User with the login of 'gone-acme'."),
        ('{ node(id: "I_deleted") { id } }', ["node"],
         "Could not resolve to a node with the global id of 'I_deleted'"),
        ('{ nodes(ids: ["I_1", "U_gone"]) { id } }', ["nodes", 1],
         "Could not resolve to a node with the global id of 'U_gone'"),
    ],
)  # fmt: skip
def test_what_is_not_there(github: Any, query: str, path: list[Any], message: str) -> None:
    errors = github.errors(query)
    assert [(e["type"], e["path"], e["message"]) for e in errors] == [("NOT_FOUND", path, message)]
    assert errors[0]["locations"]


def test_one_missing_node_leaves_the_others(github: Any) -> None:
    body = github.post('{ nodes(ids: ["I_1", "nope", "I_2"]) { id } }').json()
    assert body["data"] == {"nodes": [{"id": "I_1"}, None, {"id": "I_2"}]}


def test_a_hundred_ids_at_most(github: Any) -> None:
    error = github.errors("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["I_1"] * 101)[0]
    assert error["type"] == "ARGUMENT_LIMIT"
    assert error["message"] == "You may not provide more than 100 node ids; you provided 101."


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ viewer { mood } }", "Field 'mood' doesn't exist on type 'User'"),
        ("{ viewer { login }", "Syntax Error: Expected Name, found <EOF>."),
        ("query($n: Int!) { viewer { projectV2(number: $n) { id } } }",
         "Variable '$n' of required type 'Int!' was not provided."),
        ("query A { viewer { id } } query B { viewer { id } }", "An operation name is required"),
    ],
)  # fmt: skip
def test_invalid_queries_are_answered_with_200(github: Any, query: str, message: str) -> None:
    errors = github.errors(query)
    assert errors[0]["message"] == message


def test_operations_are_chosen_by_name(github: Any) -> None:
    posted = {"query": "query A { viewer { id } } query B { viewer { login } }", "operationName": "B"}
    response = github.session.post(f"{github.url}/graphql", json=posted, timeout=10)
    assert response.json() == {"data": {"viewer": {"login": "anna-acme"}}}


def test_requests_that_are_no_query(github: Any) -> None:
    response = github.session.post(f"{github.url}/graphql", json={"query": 1}, timeout=10)
    assert response.json()["errors"][0]["message"] == "A query attribute must be specified and must be a string."
    for wrong in ({"variables": "x"}, {"operationName": ["A"]}):
        posted = {"query": "query A { viewer { id } }", **wrong}
        assert "errors" in github.session.post(f"{github.url}/graphql", json=posted, timeout=10).json()
    response = github.session.post(f"{github.url}/graphql", data=b"{", timeout=10)
    assert (response.status_code, response.json()["message"]) == (400, "Problems parsing JSON")
