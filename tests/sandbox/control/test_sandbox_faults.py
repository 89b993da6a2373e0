"""What a client meets of each kind of fault, at both servers."""

import time
from email.utils import parsedate_to_datetime

import pytest
import requests

from itpm_pipeline.sandbox.control.fault_base import FaultBase
from itpm_pipeline.sandbox.control.faults import Fault

REFUSALS = [
    ({"kind": "too_many_requests", "retry_after": 7}, 429, {"retry-after": "7"}),
    ({"kind": "too_many_requests", "retry_after": None}, 429, {"retry-after": None}),
    ({"kind": "server_error", "status": 502}, 502, {"content-type": "text/html"}),
    ({"kind": "html_page"}, 200, {"content-type": "text/html; charset=utf-8"}),
    ({"kind": "forbidden"}, 403, {"retry-after": None}),
]


@pytest.mark.parametrize(("fault", "status", "headers"), REFUSALS, ids=lambda value: str(value)[:50])
def test_a_refusal_comes_once_and_is_counted(client, fault, status, headers):
    (armed,) = client.control.arm(fault)
    answer = client.probe()
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in headers} == headers
    assert (armed.matched, armed.fired, armed.is_spent) == (1, 1, True)
    assert client.is_well()
    assert armed.matched == 1


def test_a_connection_is_reset_within_the_body(client):
    client.control.arm({"kind": "connection_reset", "after_bytes": 5})
    with pytest.raises(requests.RequestException, match="reset by peer"):
        client.probe()
    assert client.is_well()


def test_truncated_json_is_complete_as_http_goes(client):
    whole = client.probe().content
    client.control.arm({"kind": "truncated_json", "keep": 0.25})
    answer = client.probe()
    assert answer.content == whole[: len(whole) // 4]
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    "fault", [{"kind": "latency", "seconds": 0.15}, {"kind": "slow_body", "pieces": 4, "pause": 0.05}],
    ids=lambda fault: fault["kind"],
)  # fmt: skip
def test_slow_answers_are_right_answers(client, fault):
    whole = client.probe().content
    client.control.arm(fault)
    before = time.perf_counter()
    assert client.probe().content == whole
    assert time.perf_counter() - before >= 0.15


def test_jira_tells_its_limit_in_headers_of_its_own(jira_client):
    jira_client.control.arm({"kind": "jira_rate_limit", "reason": "jira-quota-tenant-based", "reset_seconds": 30})
    answer = jira_client.probe()
    assert answer.status_code == 429
    assert answer.headers["ratelimit-reason"] == "jira-quota-tenant-based"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.headers["x-ratelimit-reset"].endswith("Z")
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("status", [200, 403, 429])
def test_githubs_primary_limit_resets_by_githubs_clock(github_client, status):
    github_client.control.arm({"kind": "github_primary_limit", "status": status, "reset_seconds": 30})
    answer = github_client.probe()
    assert answer.status_code == status
    sent = parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert 30 <= int(answer.headers["x-ratelimit-reset"]) - sent <= 32
    assert answer.headers["x-ratelimit-remaining"] == "0"
    if status == 200:
        assert answer.json()["errors"][0]["type"] == "RATE_LIMITED"


def test_githubs_secondary_limit_is_a_403_with_words(github_client):
    github_client.control.arm({"kind": "github_secondary_limit", "retry_after": None})
    answer = github_client.probe()
    assert answer.status_code == 403
    assert "secondary rate limit" in answer.json()["message"]
    assert int(answer.headers["x-ratelimit-remaining"]) > 0


def test_large_queries_are_not_answered_and_small_ones_are(github_client):
    (armed,) = github_client.control.arm({"kind": "graphql_overload", "above": 50, "times": None})
    assert [github_client.probe(first=size).status_code for size in (10, 4, 5)] == [502, 200, 502]
    assert armed.fired == 2


def test_a_part_of_an_answer_is_missing(github_client):
    github_client.control.arm({"kind": "partial_errors", "at": ["organization", "repositories", "nodes", 1]})
    body = github_client.probe().json()
    nodes = body["data"]["organization"]["repositories"]["nodes"]
    assert [node is None for node in nodes][:3] == [False, True, False]
    assert body["errors"][0]["path"] == ["organization", "repositories", "nodes", 1]


def test_only_requests_with_a_page_token_meet_an_expired_one(jira_client, github_client):
    search = f"{jira_client.url}/rest/api/3/search/jql"
    asked = {"jql": "project = PAY", "maxResults": 2}
    (jira,) = jira_client.control.arm({"kind": "expired_page_token"})
    first = jira_client.session.post(search, json=asked, timeout=5).json()
    more = jira_client.session.post(search, json=asked | {"nextPageToken": first["nextPageToken"]}, timeout=5)
    assert (more.status_code, jira.fired) == (400, 1)
    assert "page token" in more.json()["errorMessages"][0]
    (github,) = github_client.control.arm({"kind": "expired_page_token"})
    assert github_client.is_well()
    assert github_client.probe(after="MQ").json()["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"
    assert github.fired == 1


def test_the_company_changes_between_two_requests(jira_client):
    jira_client.control.arm(
        {"kind": "mutation", "skip": 1, "mutations": [{"kind": "update", "issue": "PAY-1", "summary": "Between"}]}
    )
    url = f"{jira_client.url}/rest/api/3/issue/PAY-1?fields=summary"
    seen = [jira_client.session.get(url, timeout=5).json()["fields"]["summary"] for _ in range(3)]
    assert seen[0] != seen[1] == seen[2] == "Between"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"path": "/myself$"}, [503, 200, 200]),
        ({"body": 'project = "WEB"'}, [200, 503, 200]),
        ({"method": "POST"}, [200, 503, 200]),
        ({"skip": 1, "times": 1}, [200, 503, 200]),
        ({"times": 2}, [503, 503, 200]),
        ({"times": None}, [503, 503, 503]),
        ({"path": "/search", "body": "PAY"}, [200, 200, 503]),
    ],
    ids=str,
)  # fmt: skip
def test_a_fault_is_for_the_requests_it_names(jira_client, choice, expected):
    jira_client.control.arm({"kind": "server_error", **choice})
    found = [jira_client.session.get(f"{jira_client.url}/rest/api/3/myself", timeout=5)]
    for key in ("WEB", "PAY"):
        asked = {"jql": f'project = "{key}"'}
        found.append(jira_client.session.post(f"{jira_client.url}/rest/api/3/search/jql", json=asked, timeout=5))
    assert [answer.status_code for answer in found] == expected


@pytest.mark.parametrize(("pattern", "status"), [("^Page$", 503), ("^Other$", 200)])
def test_a_fault_may_name_a_graphql_operation(github_client, pattern, status):
    github_client.control.arm({"kind": "server_error", "operation": pattern})
    assert github_client.probe().status_code == status


def test_the_first_fault_that_fits_fires_alone(client):
    first, second = client.control.arm({"kind": "server_error"}, {"kind": "forbidden"})
    assert [client.probe().status_code for _ in range(3)] == [503, 403, 200]
    assert (first.fired, second.matched, second.fired) == (1, 1, 1)


def test_every_kind_strikes_in_some_way():
    kinds = Fault.__args__[0].__args__
    assert {kind for kind in kinds if kind.strike is FaultBase.strike} == set()
    assert len(kinds) == 15
