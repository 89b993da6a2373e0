"""Who sees what: credentials, unreadable and archived projects, headers, counting."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from jira_server_company import EMAIL, TOKEN, Caller, hand_made_company

V3 = "/rest/api/3"


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("header", [
    None, basic(f"{EMAIL}:wrong"), basic(f"other@acme.example:{TOKEN}"), basic(TOKEN), f"Bearer {TOKEN}", "Basic ???",
    basic(f"{EMAIL}:{TOKEN}x"),
])  # fmt: skip
def test_wrong_credentials(jira_site: Any, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    response = requests.get(f"{jira_site.url}{V3}/myself", headers=headers, timeout=30)
    assert response.status_code == 401
    assert response.json()["message"] == "Client must be authenticated to access this resource."
    assert TOKEN not in response.text
    assert requests.get(f"{jira_site.url}{V3}/serverInfo", headers=headers, timeout=30).status_code == 200


def test_the_account_tells_its_time_zone(jira_site: Any) -> None:
    account = jira_site.get(f"{V3}/myself")
    assert (account["timeZone"], account["emailAddress"]) == ("Europe/Berlin", EMAIL)
    assert jira_site.get(f"{V3}/serverInfo")["deploymentType"] == "Cloud"
    assert jira_site.get(f"{V3}/serverInfo")["serverTime"] == "2026-11-16T09:00:00.000+0100"


def test_an_unreadable_project_is_listed_and_then_refused(jira_site: Any) -> None:
    def keys(**query: Any) -> list[str]:
        return [project["key"] for project in jira_site.get(f"{V3}/project/search", **query)["values"]]

    assert keys() == ["DATA", "PAY", "SEC"]
    assert keys(action="browse") == ["DATA", "PAY"]
    jira_site.get(f"{V3}/project/SEC", 404)
    jira_site.get(f"{V3}/issue/SEC-1", 404)
    jira_site.get(f"{V3}/search/jql", 400, jql="project = SEC")
    browse = {"permissions": "BROWSE_PROJECTS"}
    for key, held in (("SEC", False), ("PAY", True)):
        permissions = jira_site.get(f"{V3}/mypermissions", projectKey=key, **browse)["permissions"]
        assert permissions["BROWSE_PROJECTS"]["havePermission"] is held
    assert jira_site.get(f"{V3}/mypermissions", issueKey="PAY-1", **browse)["permissions"]
    jira_site.get(f"{V3}/mypermissions", 404, projectKey="NOPE", **browse)
    jira_site.get(f"{V3}/mypermissions", 400, permissions="FLY")
    jira_site.get(f"{V3}/mypermissions", 400)
    permitted = jira_site.post(f"{V3}/permissions/project", {"permissions": ["BROWSE_PROJECTS"]})["projects"]
    assert [project["key"] for project in permitted] == ["PAY", "DATA", "LEG"]


def test_an_archived_project_is_found_on_request_and_not_searched(jira_site: Any) -> None:
    archived = jira_site.get(f"{V3}/project/search", status="archived")["values"]
    assert [project["key"] for project in archived] == ["LEG"]
    assert jira_site.get(f"{V3}/project/LEG")["archived"] is True
    assert jira_site.get(f"{V3}/issue/LEG-1")["key"] == "LEG-1"
    jira_site.get(f"{V3}/search/jql", 400, jql="project = LEG")
    assert len(jira_site.search("created >= 0")) == 259


def test_projects_come_by_page(jira_site: Any) -> None:
    first = jira_site.get(f"{V3}/project/search", maxResults=2)
    second = jira_site.session.get(first["nextPage"], timeout=30).json()
    assert [[project["key"] for project in page["values"]] for page in (first, second)] == [["DATA", "PAY"], ["SEC"]]
    assert (first["isLast"], second["isLast"], first["total"]) == (False, True, 3)
    names = jira_site.get(f"{V3}/project/search", orderBy="-name")["values"]
    assert [project["key"] for project in names] == ["SEC", "PAY", "DATA"]
    assert jira_site.get(f"{V3}/project/search", keys="PAY", id=["10001", "10002"])["total"] == 1
    jira_site.get(f"{V3}/project/search", 400, startAt="many")
    jira_site.get(f"{V3}/project/search", 400, status="lively")


def test_headers_and_counting(serve_jira: Callable[..., Caller]) -> None:
    site = serve_jira(hand_made_company())
    responses = [site.session.get(f"{site.url}{V3}/field", timeout=30) for _ in range(3)]
    assert responses[0].headers["X-RateLimit-Remaining"] == "399"
    assert responses[0].headers["X-RateLimit-Limit"] == "400"
    assert responses[0].headers["X-RateLimit-NearLimit"] == "false"
    reset = datetime.strptime(responses[0].headers["X-RateLimit-Reset"], "%Y-%m-%dT%H:%M:%S%z")
    assert abs((reset - datetime.now(UTC)).total_seconds()) < 60, "a client waits by its own clock"
    assert len({response.headers["X-Arequestid"] for response in responses}) == 3


def test_requests_are_counted_by_route(jira_server: Any, jira_site: Any) -> None:
    counted = jira_server.app.state.requests
    before = counted["GET /rest/api/{version}/issue/{ref}"]
    jira_site.get(f"{V3}/issue/PAY-1")
    jira_site.get(f"{V3}/issue/PAY-8", 404)
    assert counted["GET /rest/api/{version}/issue/{ref}"] == before + 2


@pytest.mark.parametrize("path", ["/rest/api/3/nowhere", "/rest/api/7/field", "/elsewhere"])
def test_other_paths_are_not_found(jira_site: Any, path: str) -> None:
    assert jira_site.get(path, 404)["status-code"] == 404
