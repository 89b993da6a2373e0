"""An independent Jira Data Center server: its whole data set syncs, and what its own API changes arrives next."""

import json
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jira820.serialize import iid
from jira820.server import make_app
from jira_server_820 import TODAY, Straightened, new_store, served

from itpm_pipeline.config import Settings
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.warehouse.duckdb import working_path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("jira820")]

P = "jira:acme-dc:"
CATEGORIES = {"todo": "todo", "inprogress": "in_progress", "done": "done"}


def send(url: str, method: str, path: str, body: Any = None) -> Any:
    """A request to the server as its users make it; (status, JSON)."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/rest/{path}", content, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Company:
    """The server and a warehouse that is synced from it."""

    def __init__(self, app: Straightened, url: str, folder: Path) -> None:
        self.store, self.url = app.store, url
        self.settings = Settings.model_validate({
            "warehouse": {"url": f"duckdb:///{folder}/warehouse.duckdb"}, "landing": {"url": f"{folder}/landing"},
            "trackers": [{"kind": "jira", "name": "acme-dc", "url": url, "token": "t0ken"}],
        })  # fmt: skip

    def sync(self, depth: Depth = Depth.CHANGES) -> dict[str, int]:
        """Sync; how many records each stream handed over."""
        report = sync(self.settings, depth=depth)
        assert report.failed == []
        assert sum(one.rejected for one in report.outcomes) == 0
        return Counter({one.stream: one.fetched for one in report.outcomes})

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(working_path(self.settings.warehouse.url), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(query).fetchall()

    def table(self, name: str, *columns: str) -> dict[str, tuple[Any, ...]]:
        """Rows of core by their first column."""
        return {row[0]: row[1:] for row in self.rows(f"select {', '.join(columns)} from core.{name}")}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        status, value = send(self.url, method, path, body)
        assert status < 300, value
        return value

    def hold(self) -> None:
        """Everything in the warehouse is as the server has it."""
        issues = self.store.issues
        found = self.table(
            "issue", "issue_key", "issue_id", "summary", "estimate_points", "due_date", "outcome is not null",
            "resolved_at is not null", "parent_issue_id", "split_part(assignee_person_id, ':', 4)", "labels",
        )  # fmt: skip
        assert found == {
            key: (P + iid(key), one["summary"], one["sp"], one["due"], one["statusCategory"] == "done",
                  one["resolved"] is not None, one["parentKey"] and P + iid(one["parentKey"]), one["assignee"] or None,
                  json.dumps(sorted(one["labels"]), separators=(",", ":")))
            for key, one in issues.items()
        }  # fmt: skip
        statuses = dict(self.rows(
            "select issue.issue_key, status.category from core.issue join core.status using (status_id)"
        ))
        assert statuses == {key: CATEGORIES[one["statusCategory"]] for key, one in issues.items()}
        sprints = defaultdict(set)
        listed = "select issue_key, sprint_id from core.issue_sprint join core.issue using (issue_id)"
        for key, sprint in self.rows(listed):
            sprints[key].add(int(sprint.rpartition(":")[2]))
        assert sprints == {key: set(one["sprints"]) for key, one in issues.items() if one["sprints"]}
        worked = dict(self.rows(
            "select issue_key, sum(seconds) from core.worklog join core.issue using (issue_id) group by issue_key"
        ))
        assert worked == {key: total for key, one in issues.items()
                          if (total := sum(log["seconds"] for log in one["worklog"]))}  # fmt: skip
        history = dict(self.rows(
            "select issue_key, history_count from core.issue_history join core.issue using (issue_id) where is_complete"
        ))
        assert history == {key: len(one["changelog"]) for key, one in issues.items()}
        sprints = {f"{P}sprint:{one['id']}": (one["name"], one["state"]) for one in self.store.sprints.values()}
        assert self.table("sprint", "sprint_id", "name", "state") == sprints


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Iterator[Company]:
    app = Straightened(new_store())
    with served(app) as url:
        yield Company(app, url, tmp_path_factory.mktemp("jira820"))


@pytest.fixture(scope="module")
def first(company: Company) -> dict[str, int]:
    """What the first sync handed over."""
    return company.sync()


def test_its_whole_data_set_syncs(company, first):
    assert first["issues"] == first["changelogs"] == len(company.store.issues) > 300
    company.hold()
    assert (first["boards"], first["sprints"]) == (len(company.store.boards), len(company.store.sprints))
    blocked = {(f"{P}{iid(key)}", f"{P}{iid(link['key'])}") for key, one in company.store.issues.items()
               for link in one["links"] if link["type"] == "Blocks" and link["dir"] == "outward"}  # fmt: skip
    assert blocked
    edges = company.rows("select distinct blocker_issue_id, blocked_issue_id from core.issue_link"
                         " where edge_type = 'blocks' and provenance = 'jira_link'")  # fmt: skip
    assert set(edges) == blocked
    epics = {(f"{P}{iid(key)}", one["epicKey"]) for key, one in company.store.issues.items() if one["epicKey"]}
    parents = company.rows("select seen_from_id, blocked_ref from core.issue_link where type_raw = 'Epic Link'")
    assert set(parents) == epics


def test_changes_made_through_its_own_api_arrive_with_the_next_sync(company, first):
    keys = sorted(key for key, one in company.store.issues.items() if one["type"] == "Story")
    company.store.config.base_date = TODAY + timedelta(days=3)
    made = company.send("POST", "api/2/issue", {"fields": {
        "project": {"key": "JIRA820"}, "issuetype": {"name": "Story"}, "summary": "Pay by invoice",
        "customfield_10004": 5, "duedate": "2026-12-24", "labels": ["b", "a"],
    }})  # fmt: skip
    company.send("PUT", f"api/2/issue/{keys[0]}", {"fields": {"summary": "Renamed", "customfield_10004": 13}})
    transitions = company.send("GET", f"api/2/issue/{keys[1]}/transitions")["transitions"]
    done = next(one for one in transitions if one["to"]["statusCategory"]["key"] == "done")
    company.send("POST", f"api/2/issue/{keys[1]}/transitions", {"transition": {"id": done["id"]}})
    company.send("POST", f"api/2/issue/{keys[2]}/worklog", {"timeSpentSeconds": 5400})
    company.send("PUT", f"api/2/issue/{keys[3]}/assignee", {"name": "u01"})
    sprint = company.send("POST", "agile/1.0/sprint", {"originBoardId": 1, "name": "Invoices"})
    company.send("POST", f"agile/1.0/sprint/{sprint['id']}/issue", {"issues": [made["key"], keys[4]]})
    company.send("PUT", f"agile/1.0/sprint/{sprint['id']}", {"state": "active"})
    company.send("POST", "api/2/issueLink", {"type": {"name": "Blocks"}, "inwardIssue": {"key": made["key"]},
                                             "outwardIssue": {"key": keys[5]}})  # fmt: skip
    touched = {made["key"], *keys[:6]}
    second = company.sync()
    since = {key for key, one in company.store.issues.items() if one["updated"] >= TODAY}
    assert touched < since
    assert second["issues"] == len(since), "what changed since the day of the last sync, and nothing else"
    company.hold()
    assert company.table("issue", "issue_key", "summary", "estimate_points")[keys[0]] == ("Renamed", 13)
    edge = company.rows(f"select distinct blocked_ref from core.issue_link where blocker_ref = '{made['key']}'"
                        " and edge_type = 'blocks'")  # fmt: skip
    assert edge == [(keys[5],)]
    (state,) = company.rows(f"select state from core.sprint where name = '{sprint['name']}'")
    assert state == ("active",)
    assert company.sync()["issues"] == len(touched), "its clock stands still: the day is within the look-back"
    company.hold()


def test_what_was_deleted_is_found_by_a_reconcile(company, first):
    gone = next(key for key, one in sorted(company.store.issues.items()) if one["type"] == "Bug" and not one["links"])
    company.send("DELETE", f"api/2/issue/{gone}")
    company.sync(Depth.RECONCILE)
    rows = company.rows("select issue_key, is_deleted, deleted_reason from core.issue where is_deleted")
    assert rows == [(gone, True, "deleted")]


@pytest.fixture(scope="module")
def bare() -> Iterator[str]:
    """The server as it is."""
    with served(make_app(new_store())) as url:
        yield url


def test_its_known_deviations_are_there_still(bare):
    """Each is made good by ``Straightened``, or stands beside what we do about it."""
    def get(path: str) -> Any:
        return send(bare, "GET", path)

    assert send(bare, "POST", "api/2/search", {"jql": "project = JIRA820"})[0] == 405, "searches by GET alone"
    assert get("api/2/search?jql=updated%20%3E%3D%201772442000000&maxResults=1")[0] == 500, "knows no milliseconds"
    found = get("api/2/search?jql=key%20%3D%20JIRA820-1&expand=changelog")[1]["issues"][0]
    assert "changelog" not in found, "embeds no histories in a search"
    assert "worklog" not in found["fields"], "nor work logs"
    assert get(f"api/2/issue/{found['id']}")[0] == 404, "finds issues by key alone"
    assert get("api/2/serverInfo")[1]["serverTime"].startswith("2026-01-01T09:00"), "its clock stands still"
    assert get("api/2/project")[1][0]["id"] != found["fields"]["project"]["id"], "a project has two ids"
    assert get("api/2/mypermissions")[0] == 404, "tells no permissions"
    # Those that need nothing: what is missing is refused, and noted as such.
    assert get("agile/1.0/board/1/project")[0] == 404, "tells no projects of a board"
    assert get("agile/1.0/board/2/sprint")[1]["values"] == [], "a kanban board has an empty list of sprints, not 400"
    sprints = [entry for one in get("api/2/search?maxResults=500")[1]["issues"]
               for entry in one["fields"]["customfield_10007"] or ()]  # fmt: skip
    assert {type(entry) for entry in sprints} == {dict}, "sprints as objects, as on Cloud, not as texts"
    logs = [{log["id"] for log in get(f"api/2/issue/JIRA820-{number}/worklog")[1]["worklogs"]}
            for number in range(1, 50)]  # fmt: skip
    assert sum(map(len, logs)) > len(set.union(*logs)), "work logs of two issues may have one id"
    assert send(bare, "PUT", "api/2/issue/JIRA820-1", {"fields": {"summary": "x"}})[0] == 204
    items = [item["field"] for one in get("api/2/issue/JIRA820-1?expand=changelog")[1]["changelog"]["histories"]
             for item in one["items"]]  # fmt: skip
    assert "summary" not in items, "only moves between statuses leave a history"
