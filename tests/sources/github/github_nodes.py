"""Nodes in the shape of the page queries, with values a test does not care about."""

from typing import Any

ANNA = {"__typename": "User", "id": "U_anna", "login": "anna", "name": "Anna"}
BEN = {"__typename": "User", "id": "U_ben", "login": "ben", "name": None}
ROBOT = {"__typename": "Bot", "id": "BOT_1", "login": "dependabot"}
CHECKOUT = {"id": "R_1", "nameWithOwner": "acme/checkout"}


def listed(*nodes: Any, more: str | None = None) -> dict[str, Any]:
    """A connection; ``more`` is the cursor of a further page."""
    return {
        "totalCount": len(nodes), "pageInfo": {"hasNextPage": more is not None, "endCursor": more}, "nodes": list(nodes)
    }  # fmt: skip


def repository_node(**changed: Any) -> dict[str, Any]:
    return {
        "id": "R_1", "name": "checkout", "nameWithOwner": "acme/checkout", "description": "Takes money",
        "url": "https://github.com/acme/checkout", "isArchived": False, "isDisabled": False, "hasIssuesEnabled": True,
        "createdAt": "2025-01-01T00:00:00Z", "defaultBranchRef": {"name": "main"}, **changed,
    }  # fmt: skip


def issue_node(number: int = 1, *events: dict[str, Any], **changed: Any) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": f"I_{number}", "number": number, "title": f"Issue {number}", "body": "", "state": "OPEN",
        "url": f"https://github.com/acme/checkout/issues/{number}", "stateReason": None, "closedAt": None,
        "createdAt": "2026-03-01T09:00:00Z", "updatedAt": "2026-03-02T09:00:00Z", "author": ANNA,
        "repository": CHECKOUT, "milestone": None, "comments": {"totalCount": 2}, "labels": listed(),
        "assignees": listed(), "timelineItems": listed(*events), "issueType": None, "parent": None,
        "subIssuesSummary": {"total": 0, "completed": 0},
        "issueDependenciesSummary": {"totalBlockedBy": 0, "totalBlocking": 0},
        "duplicateOf": None, "issueFieldValues": listed(), "closedByPullRequestsReferences": listed(),
    }  # fmt: skip
    return {**node, **changed}


def event(kind: str, at: str, **data: Any) -> dict[str, Any]:
    """A timeline event on a day of March 2026 (``05T10``) or at a full instant."""
    when = at if len(at) > 6 else f"2026-03-{at}:00:00Z"
    return {"__typename": kind, "id": f"{kind}:{when}:{len(str(data))}", "createdAt": when, "actor": ANNA, **data}


def labelled(at: str, name: str) -> dict[str, Any]:
    return event("LabeledEvent", at, label={"name": name})


def unlabelled(at: str, name: str) -> dict[str, Any]:
    return event("UnlabeledEvent", at, label={"name": name})


def column(at: str, before: str, after: str, project: str | None = "PVT_1") -> dict[str, Any]:
    return event("ProjectV2ItemStatusChangedEvent", at, previousStatus=before, status=after,
                 project={"id": project} if project else None)  # fmt: skip


def pull_request_node(number: int = 50, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"PR_{number}", "number": number, "title": "Take cards", "body": "", "state": "OPEN", "isDraft": False,
        "url": f"https://github.com/acme/checkout/pull/{number}", "createdAt": "2026-03-03T09:00:00Z",
        "updatedAt": "2026-03-04T09:00:00Z", "mergedAt": None, "closedAt": None, "additions": 3, "deletions": 1,
        "baseRefName": "main", "headRefName": "cards", "mergeCommit": None, "author": ANNA, "repository": CHECKOUT,
        "commits": {"totalCount": 1,
                    "nodes": [{"commit": {"oid": "abc", "authoredDate": "2026-03-02T12:00:00+01:00"}}]},
        "reviews": listed(), "closingIssuesReferences": listed(), **changed,
    }  # fmt: skip


def milestone_node(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"MI_{number}", "number": number, "title": f"M{number}", "description": "", "state": "OPEN",
        "dueOn": "2026-03-31T00:00:00Z", "closedAt": None, "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-02-01T00:00:00Z", "url": "https://github.com/acme/checkout/milestone/1",
        "repository": CHECKOUT, **changed,
    }  # fmt: skip


def deployment_node(number: int = 1, *statuses: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "id": f"DE_{number}", "environment": "production", "originalEnvironment": "production", "commitOid": "abc",
        "createdAt": "2026-03-05T09:00:00Z", "updatedAt": "2026-03-05T09:10:00Z", "state": "ACTIVE",
        "statuses": {"nodes": list(statuses)}, "repository": CHECKOUT, **changed,
    }  # fmt: skip


def project_node(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"PVT_{number}", "number": number, "title": "Money", "shortDescription": None, "closed": False,
        "url": "https://github.com/orgs/acme/projects/1", "updatedAt": "2026-03-10T09:00:00Z",
        "owner": {"__typename": "Organization", "id": "O_1", "login": "acme"}, "repositories": listed(CHECKOUT),
        "fields": listed(
            {"__typename": "ProjectV2Field", "id": "PVTF_title", "name": "Title", "dataType": "TITLE"},
            {"__typename": "ProjectV2SingleSelectField", "id": "PVTSSF_1", "name": "Status",
             "dataType": "SINGLE_SELECT", "options": [
                 {"id": "a1", "name": "Ideas 💡"}, {"id": "b2", "name": "Building"}, {"id": "c3", "name": "Live"}]},
            {"__typename": "ProjectV2Field", "id": "PVTF_points", "name": "Story Points", "dataType": "NUMBER"},
            {"__typename": "ProjectV2Field", "id": "PVTF_due", "name": "Target date", "dataType": "DATE"},
            {"__typename": "ProjectV2IterationField", "id": "PVTIF_quarter", "name": "Quarter", "dataType": "ITERATION",
             "configuration": {"iterations": [{"id": "q1", "title": "Q1", "startDate": "2026-01-01", "duration": 90}],
                               "completedIterations": []}},
            {"__typename": "ProjectV2IterationField", "id": "PVTIF_1", "name": "Sprint", "dataType": "ITERATION",
             "configuration": {
                 "iterations": [{"id": "i2", "title": "Sprint 2", "startDate": "2026-03-16", "duration": 14}],
                 "completedIterations": [
                     {"id": "i1", "title": "Sprint 1", "startDate": "2026-03-02", "duration": 14}]}},
        ),
        **changed,
    }  # fmt: skip


def value(kind: str, field: str, at: str = "2026-03-06T09:00:00Z", **content: Any) -> dict[str, Any]:
    return {"__typename": f"ProjectV2ItemField{kind}Value", "id": f"V_{field}", "updatedAt": at,
            "field": {"id": field, "name": field}, **content}  # fmt: skip


def item_node(number: int = 1, *values: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "id": f"PVTI_{number}", "type": "ISSUE", "isArchived": False, "createdAt": "2026-03-01T10:00:00Z",
        "updatedAt": "2026-03-07T09:00:00Z", "project": {"id": "PVT_1"},
        "content": {"__typename": "Issue", "id": f"I_{number}", "number": number, "repository": CHECKOUT},
        "fieldValues": listed(*values), **changed,
    }  # fmt: skip
