"""A small GitHub organisation made by hand: few enough issues to check every number by eye."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from itpm_pipeline.sandbox.company.model import (
    Company,
    Deployment,
    GithubIssue,
    GithubProject,
    Iteration,
    Milestone,
    Person,
    ProjectItem,
    PullRequest,
    Release,
    Repository,
    TimelineEvent,
)

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
START = datetime(2026, 6, 1, 9, tzinfo=UTC)
ISSUES = 230


def person(number: int, key: str, *, is_bot: bool = False, is_active: bool = True) -> Person:
    return Person(
        key=key, name=key.title(), email=f"{key}@acme.example", jira_account_id=f"5b{number}",
        github_login=f"{key}-acme", github_node_id=f"U_{key}", github_database_id=1000 + number,
        is_bot=is_bot, is_active=is_active,
    )  # fmt: skip


def event(issue: GithubIssue, kind: str, minutes: int, actor: str | None = "anna", **data: Any) -> None:
    at = issue.created_at + timedelta(minutes=minutes)
    issue.timeline.append(TimelineEvent(f"E_{issue.node_id}_{len(issue.timeline)}", kind, at, actor, data))


def plain_issue(number: int) -> GithubIssue:
    """Two consecutive issues share a creation time and four an update time, so that order needs a second key."""
    created = START + timedelta(hours=number // 2)
    issue = GithubIssue(
        node_id=f"I_{number}", database_id=50_000 + number, repo="checkout", number=number, title=f"Issue {number}",
        author="anna", created_at=created, updated_at=START + timedelta(days=30, hours=number // 4),
        body=f"Body of {number}", labels=["bug"] if number % 3 == 0 else [],
    )  # fmt: skip
    if number % 2 == 0:
        issue.state, issue.state_reason, issue.closed_at = "CLOSED", "COMPLETED", issue.updated_at
        event(issue, "ClosedEvent", 60, stateReason="COMPLETED", closer=None)
    return issue


def told_issue() -> GithubIssue:
    """Issue 1: every kind of event that the simulation books, and every field set."""
    issue = plain_issue(1)
    issue.issue_type, issue.milestone = "Bug", "MI_1"
    issue.assignees, issue.labels = ["ben", "gone"], ["bug", "blocked"]
    issue.parent, issue.sub_issues = "I_2", ["I_3", "I_4", "I_5"]
    issue.blocked_by, issue.blocking = ["I_6", "I_7"], ["I_8"]
    issue.comment_count = 3
    told: list[tuple[str, dict[str, Any]]] = [
        ("IssueTypeAddedEvent", {"issueType": "Task"}),
        ("IssueTypeChangedEvent", {"issueType": "Bug", "prevIssueType": "Task"}),
        ("LabeledEvent", {"label": "bug"}),
        ("UnlabeledEvent", {"label": "forgotten"}),
        ("AssignedEvent", {"assignee": "ben"}),
        ("AssignedEvent", {"assignee": "gone"}),
        ("UnassignedEvent", {"assignee": "ben"}),
        ("MilestonedEvent", {"milestoneTitle": "M1"}),
        ("DemilestonedEvent", {"milestoneTitle": "M1"}),
        ("RenamedTitleEvent", {"previousTitle": "Old", "currentTitle": "Issue 1"}),
        ("AddedToProjectV2Event", {"project": "PVT_1"}),
        ("ProjectV2ItemStatusChangedEvent",
         {"project": "PVT_1", "previousStatus": "", "status": "Todo", "wasAutomated": True}),
        ("SubIssueAddedEvent", {"subIssue": "I_3"}),
        ("ParentIssueAddedEvent", {"parent": "I_2"}),
        ("BlockedByAddedEvent", {"blockingIssue": "I_6"}),
        ("BlockedByRemovedEvent", {"blockingIssue": "I_deleted"}),
        ("BlockingAddedEvent", {"blockedIssue": "I_8"}),
        ("CrossReferencedEvent", {"source": "I_9", "willCloseTarget": False}),
        ("CrossReferencedEvent", {"source": "I_deleted"}),
        ("TransferredEvent", {"fromRepository": "api"}),
        ("MarkedAsDuplicateEvent", {"canonical": "I_10", "duplicate": "I_1"}),
        ("IssueComment", {"body": "I think <b>so</b>"}),
        ("ClosedEvent", {"stateReason": "COMPLETED", "closer": "PR_1"}),
        ("ReopenedEvent", {"stateReason": "REOPENED"}),
    ]  # fmt: skip
    for minutes, (kind, data) in enumerate(told):
        event(issue, kind, minutes * 10, actor="gone" if kind == "ReopenedEvent" else "anna", **data)
    return issue


def checkout() -> Repository:
    repository = Repository("R_1", 1, "checkout", "Takes the money", START - timedelta(days=100))
    repository.labels = {"bug": "d73a4a", "blocked": "b60205"}
    repository.next_number = 2_000
    repository.milestones = [
        Milestone("MI_1", 1, "M1", START, START, due_on=NOW + timedelta(days=14)),
        Milestone("MI_2", 2, "M2", START, START, closed_at=NOW - timedelta(days=3)),
    ]
    repository.issues = [told_issue(), *(plain_issue(number) for number in range(2, ISSUES + 1))]
    deleted = plain_issue(900)
    deleted.node_id, deleted.deleted_at = "I_deleted", NOW - timedelta(days=1)
    duplicate = plain_issue(902)
    duplicate.state_reason, duplicate.author = "DUPLICATE", "gone"
    repository.issues += [deleted, duplicate]
    for number in range(1, 8):
        created = START + timedelta(days=number)
        repository.pull_requests.append(PullRequest(
            node_id=f"PR_{number}", database_id=80_000 + number, repo="checkout", number=1000 + number,
            title=f"Change {number}", author="ben", created_at=created, updated_at=created + timedelta(days=9 - number),
            head_branch=f"change-{number}", first_commit_at=created - timedelta(hours=5),
            first_review_at=created + timedelta(hours=2), first_reviewer="anna",
            merged_at=created + timedelta(days=1) if number < 5 else None,
            closed_at=created + timedelta(days=1) if number < 6 else None,
            merge_commit_oid=f"{number:040x}" if number < 5 else None, additions=10, deletions=2,
            closes=["I_1"] if number in {1, 7} else [],
        ))  # fmt: skip
    repository.releases = [
        Release("RE_1", 1, "v1", "One", START + timedelta(days=3), f"{1:040x}"),
        Release("RE_2", 2, "v2", "Two", START + timedelta(days=6), f"{2:040x}", is_prerelease=True),
    ]
    repository.deployments = [
        Deployment("DE_1", 1, "production", f"{1:040x}", START, START + timedelta(minutes=5), "SUCCESS"),
        Deployment("DE_2", 2, "production", f"{2:040x}", START + timedelta(days=1), None, "IN_PROGRESS"),
        Deployment("DE_3", 3, "production", f"{2:040x}", START + timedelta(days=2), NOW, "SUCCESS"),
        Deployment("DE_4", 4, "staging", f"{2:040x}", START, START, "FAILURE"),
    ]
    return repository


def board() -> GithubProject:
    project = GithubProject(
        node_id="PVT_1", number=7, title="Money", created_at=START, updated_at=NOW, repos=["checkout", "api"],
        status_field_id="PVTSSF_1", status_options=[("aa", "Todo"), ("bb", "In Progress"), ("cc", "Done")],
        iteration_field_id="PVTIF_1", estimate_field_id="PVTF_est", iteration_days=14,
        iterations=[
            Iteration("it1", "Iteration 1", date(2026, 10, 19), 14),
            Iteration("it2", "Iteration 2", date(2026, 11, 2), 14),
            Iteration("it3", "Iteration 3", date(2026, 11, 16), 14),
            Iteration("it4", "Iteration 4", date(2026, 11, 30), 14),
        ],
    )  # fmt: skip
    for number in range(1, 31):
        at = START + timedelta(hours=number)
        project.items.append(ProjectItem(
            f"PVTI_{number}", number, f"I_{number}", at, at + timedelta(days=1),
            status="In Progress" if number % 2 else "Todo", status_updated_at=at,
            iteration_id="it3" if number % 5 == 0 else None, estimate=float(number) if number % 3 == 0 else None,
        ))  # fmt: skip
    project.items[1].is_archived = True
    project.items += [
        ProjectItem("PVTI_hidden", 91, "I_of_a_repository_we_may_not_see", START, START),
        ProjectItem("PVTI_deleted", 92, "I_deleted", START, START),
        ProjectItem("PVTI_pull", 93, "PR_1", START, START, status="Done"),
    ]
    return project


def acme() -> Company:
    company = Company("Acme Inc.", "acme", NOW)
    people = [
        person(1, "anna"), person(2, "ben"), person(3, "gone", is_active=False), person(4, "robot", is_bot=True),
    ]  # fmt: skip
    company.people = {each.key: each for each in people}
    api = Repository("R_2", 2, "api", "", START, issues_enabled=False, archived=True)
    company.repositories = {"checkout": checkout(), "api": api}
    for number in range(3, 45):
        name = f"service-{number:02}"
        company.repositories[name] = Repository(f"R_{number}", number, name, "", START + timedelta(days=number))
    company.github_projects = [board()]
    return company
