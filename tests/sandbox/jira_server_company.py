"""A hand-made company, small but with every trap, and a client for its Jira site."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

from itpm_pipeline.sandbox.company.model import (
    Company,
    HistoryEntry,
    HistoryItem,
    JiraBoard,
    JiraIssue,
    JiraLink,
    JiraProject,
    JiraSprint,
    JiraStatus,
    JiraVersion,
    Person,
    RemoteLink,
    Worklog,
)

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
EMAIL, TOKEN = "sync@acme.example", "right-token"
PAY, DATA, LEG, SEC = "10001", "10002", "10003", "10004"


def hand_made_company() -> Company:
    """240 issues of PAY, 20 of DATA (team-managed), 3 of LEG (archived), 3 of SEC (unreadable)."""
    company = Company("Acme", "acme", NOW)
    for number, name in enumerate(("Anna Albrecht", "Bela Banerjee", "Zoë O'Brien"), start=1):
        company.people[f"p{number}"] = Person(
            f"p{number}", name, f"p{number}@acme.example", f"557058:acc-{number}", f"l{number}", f"U_{number}", number
        )
    company.people["p3"].is_active = False
    company.people["bot"] = Person("bot", "Automation", "bot@acme.example", "557058:bot", "bot", "B", 9, is_bot=True)
    for status_id, name, category in (
        ("1", "To Do", "new"), ("3", "In Progress", "indeterminate"), ("10002", "Done", "done"),
        ("10101", "To Do", "new"), ("10103", "Done", "done"),
    ):  # fmt: skip
        company.statuses[status_id] = JiraStatus(status_id, name, category)
    company.jira_projects = {
        PAY: JiraProject(PAY, "PAY", "Payments", "p1", "Money", components=["ledger", "card"]),
        DATA: JiraProject(DATA, "DATA", "Data Platform", "p2", team_managed=True),
        LEG: JiraProject(LEG, "LEG", "Legacy Billing", "p1", archived=True),
        SEC: JiraProject(SEC, "SEC", "Security Incidents", "p2", readable=False),
    }
    company.jira_projects[PAY].versions = [
        JiraVersion("10010", "1.0", date(2026, 1, 1), date(2026, 3, 1), released=True),
        JiraVersion("10011", "2.0", None, date(2026, 11, 1)),
    ]
    columns = [("To Do", ["1"]), ("Doing", ["3"]), ("Done", ["10002"])]
    company.boards = {
        1: JiraBoard(1, "PAY board", "scrum", [PAY], columns, "customfield_10034", "10100"),
        2: JiraBoard(2, "DATA board", "scrum", [DATA], [("To Do", ["10101"]), ("Done", ["10103"])], None, "10101"),
        3: JiraBoard(3, "PAY flow", "kanban", [PAY], columns, None, "10102"),
        4: JiraBoard(4, "SEC board", "scrum", [SEC], columns, None, "10103"),
    }
    for number in range(1, 61):
        start = NOW - timedelta(days=14 * (60 - number))
        state = "closed" if number < 59 else ("active" if number == 59 else "future")
        sprint = JiraSprint(number, f"PAY Sprint {number}", 1, state, start - timedelta(days=3), goal="ship it")
        if state != "future":
            sprint.start_at, sprint.end_at = start, start + timedelta(days=14)
        if state == "closed":
            sprint.completed_at = start + timedelta(days=14, hours=3)
        company.sprints[number] = sprint
    _fill(company)
    return company


def _fill(company: Company) -> None:
    created = NOW - timedelta(days=400)

    def add(number: int, project_id: str, **values: Any) -> JiraIssue:
        project = company.jira_projects[project_id]
        at = created + timedelta(hours=number * 7, milliseconds=number)
        team_managed = project.team_managed
        issue = JiraIssue(
            id=str(11000 + number), key=f"{project.key}-{project.next_number}", project_id=project_id,
            type="Story", summary=f"Issue {number}", reporter="p1", created_at=at,
            updated_at=at + timedelta(days=number % 50), status_id="10101" if team_managed else "1", **values,
        )  # fmt: skip
        project.next_number += 1
        company.jira_issues[issue.id] = issue
        return issue

    for number in range(240):
        add(number, PAY, labels=["a"] if number % 3 else [], points=float(number % 8) if number % 5 else None)
    for number in range(240, 260):
        add(number, DATA, points=3.0)
    for number in range(260, 263):
        add(number, LEG)
    for number in range(263, 266):
        add(number, SEC)
    _traps(company)


def _status_item(before: tuple[str, str], after: tuple[str, str]) -> HistoryItem:
    return HistoryItem("status", "status", "jira", *before, *after)


def _traps(company: Company) -> None:
    issues = company.jira_issues
    todo, doing, done = ("1", "To Do"), ("3", "In Progress"), ("10002", "Done")
    epic, child, subtask = issues["11000"], issues["11001"], issues["11002"]
    epic.type, child.parent_id = "Epic", epic.id
    subtask.type, subtask.parent_id = "Sub-task", child.id
    issues["11241"].type, issues["11241"].parent_id = "Subtask", "11240"

    rich = issues["11003"]
    rich.description = "First line\nsecond line, see https://github.com/acme/checkout/issues/7.\n\nBlocked by PAY-9"
    rich.assignee, rich.is_flagged, rich.priority = "p2", True, "High"
    rich.sprint_ids, rich.fix_version_ids, rich.components = [57, 58, 59], ["10010", "10011"], ["card"]
    rich.due_date, rich.start_date = date(2026, 12, 1), date(2026, 11, 2)
    rich.original_seconds, rich.remaining_seconds, rich.comment_count = 90_000, 3_600, 7
    rich.remote_links = [RemoteLink(500, "https://github.com/acme/checkout/issues/7", "checkout#7", "is blocked by"),
                         RemoteLink(501, "https://example.org/", "page", None)]
    rich.worklogs = [
        Worklog(str(30_000 + n), "p2", NOW - timedelta(days=30 - n), 1800 + n, NOW - timedelta(days=29 - n), "did it")
        for n in range(25)
    ]
    rich.worklogs.append(Worklog("30999", "p1", NOW - timedelta(seconds=50), 60, NOW - timedelta(seconds=30)))

    resolved = issues["11004"]
    resolved.status_id, resolved.resolution, resolved.resolved_at = "10002", "Done", NOW - timedelta(days=9)
    resolved.assignee = "p3"

    busy = issues["11005"]
    start = NOW - timedelta(days=200)
    for n in range(230):
        before, after = (todo, doing) if n % 2 == 0 else (doing, todo)
        at = start + timedelta(hours=n)
        busy.history.append(HistoryEntry(str(100_000 + n), at, "bot", [_status_item(before, after)]))
    busy.updated_at = busy.history[-1].at

    amid = issues["11008"]
    amid.history = [HistoryEntry("150000", start + timedelta(hours=100, minutes=1), "p1", [_status_item(todo, doing)])]
    amid.status_id = "3"

    varied = issues["11006"]
    for n, item in enumerate((
        _status_item(todo, done),
        HistoryItem("Story Points", "customfield_10034", "custom", None, "3", None, "5"),
        HistoryItem("Link", None, "jira", None, None, "PAY-9", "This issue blocks PAY-9"),
        HistoryItem("assignee", "assignee", "jira", None, None, "557058:acc-2", "Bela Banerjee"),
        HistoryItem("Sprint", "customfield_10020", "custom", "", "", "57, 58", "PAY Sprint 57, PAY Sprint 58"),
    )):  # fmt: skip
        varied.history.append(HistoryEntry(str(200_000 + n), NOW - timedelta(days=20 - n), "p1", [item]))
    varied.status_id, varied.updated_at = "10002", varied.history[-1].at

    moved = issues["11242"]
    moved.old_keys, moved.key, moved.project_id = ["DATA-3"], "PAY-241", PAY
    moved.status_id, moved.sprint_ids, moved.updated_at = "3", [59], NOW - timedelta(days=2)
    company.jira_projects[PAY].next_number = 242
    issues["11007"].deleted_at = NOW - timedelta(days=1)

    issues["11240"].sprint_ids = [58]
    """A sprint of board 1 that board 2 shows as well."""
    company.links = {
        "1": JiraLink("1", "Blocks", "11003", "11004"),
        "2": JiraLink("2", "Blocks", "11003", "11007"),
        "3": JiraLink("3", "Relates", "11003", "11264"),
        "4": JiraLink("4", "Hampers", "11008", "11003"),
    }


class Caller:
    """A session with the right credentials."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = (EMAIL, TOKEN)

    def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        response = self.session.get(f"{self.url}{path}", params=query, timeout=30)
        assert response.status_code == expect, response.text[:500]
        return response.json()

    def post(self, path: str, body: Any, expect: int = 200) -> Any:
        response = self.session.post(f"{self.url}{path}", json=body, timeout=30)
        assert response.status_code == expect, response.text[:500]
        return response.json()

    def search(self, jql: str, **body: Any) -> list[dict[str, Any]]:
        """All issues, page after page."""
        issues: list[dict[str, Any]] = []
        token = None
        while True:
            next_page = {"nextPageToken": token} if token else {}
            page = self.post("/rest/api/3/search/jql", {"jql": jql, **body, **next_page})
            issues += page["issues"]
            token = page.get("nextPageToken")
            assert page["isLast"] is (token is None)
            if token is None:
                return issues
