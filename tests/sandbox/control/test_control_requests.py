"""``/__control__``: what it takes, what it tells, what it refuses."""

from datetime import datetime, timedelta

import pytest
import requests
from jira_server_company import hand_made_company

from itpm_pipeline.errors import ItpmError
from itpm_pipeline.sandbox.serve import Running, serve


def test_faults_are_armed_told_and_cleared(client):
    told = client.order(faults=[{"kind": "server_error", "path": "field|graphql", "times": 2, "skip": 1}]).json()
    assert told["faults"] == [
        {"kind": "server_error", "path": "field|graphql", "times": 2, "skip": 1, "matched": 0, "fired": 0}
    ]
    assert [client.probe().status_code for _ in range(2)] == [200, 503]
    told = client.session.get(f"{client.url}/__control__", timeout=5).json()
    assert [(fault["matched"], fault["fired"]) for fault in told["faults"]] == [(2, 1)]
    assert client.order(clear=True).json()["faults"] == []
    assert client.is_well()


def test_company_time_advances_for_both_servers(controlled: Running, client):
    before = controlled.clock.now()
    told = client.order(advance_seconds=3600).json()
    assert datetime.fromisoformat(told["now"]) == before + timedelta(hours=1) == controlled.clock.now()


def test_mutations_over_http_tell_what_they_made(jira_client, github_client):
    made = jira_client.order(mutations=[{"kind": "create", "project": "PAY", "summary": "From afar"}]).json()
    (issue,) = made["mutations"]
    found = jira_client.session.get(f"{jira_client.url}/rest/api/3/issue/{issue['key']}", timeout=5).json()
    assert (found["id"], found["fields"]["summary"]) == (issue["id"], "From afar")
    made = github_client.order(mutations=[{"kind": "create", "repository": "checkout", "title": "From afar"}]).json()
    (issue,) = made["mutations"]
    found = github_client.session.get(f"{github_client.url}/repos/acme/checkout/issues/{issue['number']}", timeout=5)
    assert found.json()["node_id"] == issue["node_id"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"faults": [{"kind": "nope"}]}, "faults[0]: Input tag 'nope'"),
        ({"faults": [{"path": "x"}]}, "faults[0]: Unable to extract tag using discriminator 'kind'"),
        ({"faults": [{"kind": "latency"}, {"kind": "server_error", "status": 200}]}, "faults[1].server_error.status: "),
        ({"faults": [{"kind": "latency", "speed": 1}]}, "faults[0].latency.speed: Extra inputs"),
        ({"faults": [{"kind": "latency", "path": "("}]}, "faults[0].latency.path: Input should be a valid regular"),
        ({"faults": [{"kind": "latency", "times": 0}]}, "faults[0].latency.times: "),
        ({"fault": []}, "fault: Extra inputs"),
        ({"faults": 3}, "faults: Input should be a valid list"),
        ({"advance_seconds": -1}, "advance_seconds: "),
        ({"mutations": [{"kind": "nope"}]}, "mutations[0].kind: nope is none of "),
        ({"faults": [{"kind": "mutation", "mutations": [{"kind": "x"}]}]}, "mutations[0].kind: x is none of "),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_done(controlled, client, body, words):
    armed, before = client.control.arm({"kind": "latency"}), controlled.clock.now()
    answer = client.order(**{"faults": [{"kind": "latency"}], "clear": True, "advance_seconds": 60} | body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(words)
    assert (client.control.armed(), controlled.clock.now()) == (armed, before)


def test_a_fault_of_the_other_tracker_is_refused(jira_client, github_client):
    refused = jira_client.order(faults=[{"kind": "graphql_overload", "above": 1}]).json()["error"]
    assert refused == "faults[0]: graphql_overload does not happen at jira"
    refused = github_client.order(faults=[{"kind": "jira_rate_limit"}]).json()["error"]
    assert refused == "faults[0]: jira_rate_limit does not happen at github"


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b'{"clear": true}', "text/plain", "the Content-Type must be application/json"),
        (b"clear", "application/json", "the body is no JSON: "),
        (b"[]", "application/json", "the body must be a JSON object"),
    ],
)
def test_only_json_objects_are_taken(client, content, kind, words):
    client.control.arm({"kind": "latency"})
    answer = client.session.post(
        f"{client.url}/__control__", data=content, headers={"Content-Type": kind}, timeout=5
    )
    assert (answer.status_code, answer.json()["error"].startswith(words)) == (400, True)
    assert len(client.control.armed()) == 1
    assert client.session.delete(f"{client.url}/__control__", timeout=5).status_code == 405


def test_without_being_asked_for_there_is_no_control():
    with serve(hand_made_company()) as running:
        for url in (running.jira_url, running.github_url):
            assert requests.post(f"{url}/__control__", json={"clear": True}, timeout=5).status_code in (401, 404)
        with pytest.raises(ItpmError, match="control=True"):
            _ = running.jira_control
