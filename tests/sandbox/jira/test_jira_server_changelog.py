"""Histories: embedded and cut, by page and whole, in bulk."""

from collections.abc import Callable
from typing import Any

import pytest
from jira_server_company import Caller, hand_made_company

V3 = "/rest/api/3"


def test_embedded_history_shows_the_most_recent_100_and_the_true_total(jira_site: Any) -> None:
    embedded = jira_site.get(f"{V3}/issue/PAY-6", expand="changelog")["changelog"]
    numbers = [int(history["id"]) for history in embedded["histories"]]
    assert embedded["total"] == 230
    assert embedded["maxResults"] == 100
    assert numbers == list(range(100_229, 100_129, -1))


def test_pages_hold_the_whole_history_oldest_first(jira_site: Any) -> None:
    numbers, start, is_last = [], 0, False
    while not is_last:
        page = jira_site.get(f"{V3}/issue/PAY-6/changelog", startAt=start, maxResults=1000)
        assert page["maxResults"] == 100
        assert page["total"] == 230
        numbers += [int(history["id"]) for history in page["values"]]
        start, is_last = start + len(page["values"]), page["isLast"]
        assert ("nextPage" in page) is not is_last
    assert numbers == list(range(100_000, 100_230))


def test_next_page_leads_to_the_server_asked(jira_site: Any) -> None:
    page = jira_site.get(f"{V3}/issue/PAY-6/changelog")
    assert page["nextPage"].startswith(jira_site.url)
    following = jira_site.session.get(page["nextPage"], timeout=30).json()
    assert following["startAt"] == 100
    assert page["values"][0]["author"]["self"].startswith("https://acme.atlassian.net/")


def bulk(site: Any, refs: list[str], **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """(issue id, history) in the order received."""
    received, token = [], None
    while True:
        body = {"issueIdsOrKeys": refs, **more, **({"nextPageToken": token} if token else {})}
        page = site.post(f"{V3}/changelog/bulkfetch", body)
        count = 0
        for log in page["issueChangeLogs"]:
            received += [(log["issueId"], history) for history in log["changeHistories"]]
            count += len(log["changeHistories"])
        assert count <= more.get("maxResults", 1000)
        token = page.get("nextPageToken")
        if token is None:
            return received


@pytest.mark.parametrize("size", [1, 33, 100, 10_000])
def test_bulk_pages_count_histories_and_scatter_an_issue(jira_site: Any, size: int) -> None:
    received = bulk(jira_site, ["PAY-7", "PAY-9", "PAY-6", "SEC-1", "PAY-1"], maxResults=size)
    numbers = [history["id"] for _, history in received]
    assert len(numbers) == len(set(numbers)) == 236
    assert {issue for issue, _ in received} == {"11005", "11006", "11008"}
    if size == 1:  # else the entries of a page are gathered by issue
        assert [history["created"] for _, history in received] == sorted(h["created"] for _, h in received)
        assert received[101][0] == "11008", "between two of another issue"
    single = jira_site.get(f"{V3}/issue/PAY-7/changelog")["values"]
    assert [history["items"] for issue, history in received if issue == "11006"] == [h["items"] for h in single]


def test_bulk_filters_by_field_id_and_so_drops_what_has_none(jira_site: Any) -> None:
    received = bulk(jira_site, ["PAY-7"], fieldIds=["status", "customfield_10020"])
    assert [item["field"] for _, history in received for item in history["items"]] == ["status", "Sprint"]


def test_bulk_dates_are_numbers_unless_told_otherwise(jira_site: Any, serve_jira: Callable[..., Caller]) -> None:
    assert bulk(jira_site, ["PAY-7"])[0][1]["created"] == 1_793_088_000_000
    as_text = serve_jira(hand_made_company(), bulk_dates="text")
    assert bulk(as_text, ["PAY-7"])[0][1]["created"] == "2026-10-27T09:00:00.000+0100"


@pytest.mark.parametrize("body", [
    {}, {"issueIdsOrKeys": []}, {"issueIdsOrKeys": [str(n) for n in range(1001)]},
    {"issueIdsOrKeys": ["PAY-7"], "fieldIds": [str(n) for n in range(11)]},
    {"issueIdsOrKeys": ["PAY-7"], "maxResults": 10_001}, {"issueIdsOrKeys": ["PAY-7"], "maxResults": 0},
    {"issueIdsOrKeys": ["PAY-7"], "nextPageToken": "nonsense"},
])  # fmt: skip
def test_bulk_limits(jira_site: Any, body: dict[str, Any]) -> None:
    assert jira_site.post(f"{V3}/changelog/bulkfetch", body, 400)["errorMessages"]


def test_items_look_as_on_live_sites(jira_site: Any) -> None:
    """No field id in some, numbers in words only, sprints comma-separated, account ids of people twice."""
    status, points, link, assignee, sprint = (
        history["items"][0] for history in jira_site.get(f"{V3}/issue/PAY-7/changelog")["values"]
    )
    assert (status["from"], status["toString"]) == ("1", "Done")
    assert (points["from"], points["to"], points["toString"]) == (None, None, "5")
    assert "fieldId" not in link
    assert assignee["tmpToAccountId"] == assignee["to"] == "557058:acc-2"
    assert (sprint["from"], sprint["to"]) == ("", "57, 58")
