"""What GraphQL tells of issues, projects, pull requests and deliveries, checked against the hand-made organisation."""

from collections.abc import Callable
from typing import Any

import pytest


def issue(github: Any, number: int, selection: str) -> dict[str, Any]:
    query = f'{{ repository(owner: "acme", name: "checkout") {{ issue(number: {number}) {{ {selection} }} }} }}'
    found: dict[str, Any] = github.ask(query)["repository"]["issue"]
    return found


def test_fields_of_an_issue(github: Any) -> None:
    found = issue(github, 1, """
      __typename id databaseId fullDatabaseId number title body bodyText bodyHTML state stateReason closed closedAt
      createdAt url resourcePath issueType { name color } milestone { number title state dueOn }
      author { __typename login ... on User { databaseId name email } }
      assignees(first: 5) { nodes { login } totalCount } labels(first: 5) { nodes { name color } }
      parent { number } subIssues(first: 5) { nodes { number } }
      subIssuesSummary { total completed percentCompleted }
      blockedBy(first: 5) { nodes { number state } } blocking(first: 5) { nodes { number } }
      issueDependenciesSummary { blockedBy blocking totalBlockedBy totalBlocking }
      projectItems(first: 5) { nodes { id project { number } } } comments { totalCount }
      closedByPullRequestsReferences(first: 5) { nodes { number state } }
      every: closedByPullRequestsReferences(first: 5, includeClosedPrs: true) { nodes { number } }
      duplicateOf { number } issueFieldValues(first: 5) { totalCount } trackedIssues(first: 1) { totalCount }
    """)  # fmt: skip
    assert found == {
        "__typename": "Issue", "id": "I_1", "databaseId": 50001, "fullDatabaseId": "50001", "number": 1,
        "title": "Issue 1", "body": "Body of 1", "bodyText": "Body of 1",
        "bodyHTML": '<p dir="auto">Body of 1</p>', "state": "OPEN", "stateReason": None, "closed": False,
        "closedAt": None, "createdAt": "2026-06-01T09:00:00Z",
        "url": "https://github.com/acme/checkout/issues/1", "resourcePath": "/acme/checkout/issues/1",
        "issueType": {"name": "Bug", "color": "RED"},
        "milestone": {"number": 1, "title": "M1", "state": "OPEN", "dueOn": "2026-11-30T08:00:00Z"},
        "author": {"__typename": "User", "login": "anna-acme", "databaseId": 1001, "name": "Anna",
                   "email": "anna@acme.example"},
        # Those who left the company are assigned to nothing any more.
        "assignees": {"nodes": [{"login": "ben-acme"}], "totalCount": 1},
        "labels": {"nodes": [{"name": "bug", "color": "d73a4a"}, {"name": "blocked", "color": "b60205"}]},
        "parent": {"number": 2}, "subIssues": {"nodes": [{"number": 3}, {"number": 4}, {"number": 5}]},
        "subIssuesSummary": {"total": 3, "completed": 1, "percentCompleted": 33},
        "blockedBy": {"nodes": [{"number": 7, "state": "OPEN"}, {"number": 6, "state": "CLOSED"}]},
        "blocking": {"nodes": [{"number": 8}]},
        "issueDependenciesSummary": {"blockedBy": 1, "blocking": 0, "totalBlockedBy": 2, "totalBlocking": 1},
        "projectItems": {"nodes": [{"id": "PVTI_1", "project": {"number": 7}}]}, "comments": {"totalCount": 3},
        "closedByPullRequestsReferences": {"nodes": [{"number": 1007, "state": "OPEN"}]},
        "every": {"nodes": [{"number": 1001}, {"number": 1007}]},
        "duplicateOf": {"number": 10}, "issueFieldValues": {"totalCount": 0}, "trackedIssues": {"totalCount": 0},
    }  # fmt: skip


def test_ghosts_and_reasons(github: Any) -> None:
    found = issue(github, 902, "author { login } plain: stateReason full: stateReason(enableDuplicate: true)")
    assert found == {"author": None, "plain": "NOT_PLANNED", "full": "DUPLICATE"}


def test_events_tell_what_happened(github: Any) -> None:
    nodes = issue(github, 1, """timelineItems(first: 100) { nodes { __typename ... on Node { id }
      ... on IssueTypeChangedEvent { issueType { name } prevIssueType { name } }
      ... on LabeledEvent { label { name color } } ... on UnlabeledEvent { label { name } }
      ... on AssignedEvent { assignee { __typename ... on User { login } } assignable { __typename } }
      ... on MilestonedEvent { milestoneTitle subject { ... on Issue { number } } }
      ... on RenamedTitleEvent { previousTitle currentTitle }
      ... on ProjectV2ItemStatusChangedEvent { previousStatus status wasAutomated project { number } }
      ... on ProjectV2Event { project { title } }
      ... on BlockedByAddedEvent { blockingIssue { number } } ... on BlockedByRemovedEvent { blockingIssue { number } }
      ... on SubIssueAddedEvent { subIssue { number } } ... on ParentIssueAddedEvent { parent { number } }
      ... on CrossReferencedEvent { source { ... on Issue { number } } isCrossRepository }
      ... on TransferredEvent { fromRepository { nameWithOwner } }
      ... on MarkedAsDuplicateEvent { canonical { ... on Issue { number } } duplicate { ... on Issue { number } } }
      ... on IssueComment { bodyHTML author { login } }
      ... on ClosedEvent { createdAt stateReason closer { __typename ... on PullRequest { number } } }
      ... on ReopenedEvent { actor { login } stateReason }
    } }""")["timelineItems"]["nodes"]  # fmt: skip
    told = {node["__typename"]: {k: v for k, v in node.items() if k not in {"__typename", "id"}} for node in nodes}
    assert told["IssueTypeChangedEvent"] == {"issueType": {"name": "Bug"}, "prevIssueType": {"name": "Task"}}
    assert told["LabeledEvent"] == {"label": {"name": "bug", "color": "d73a4a"}}
    assert told["UnlabeledEvent"] == {"label": {"name": "forgotten"}}
    assert told["AssignedEvent"] == {"assignee": None, "assignable": {"__typename": "Issue"}}
    assert told["MilestonedEvent"] == {"milestoneTitle": "M1", "subject": {"number": 1}}
    assert told["RenamedTitleEvent"] == {"previousTitle": "Old", "currentTitle": "Issue 1"}
    assert told["ProjectV2ItemStatusChangedEvent"] == {
        "previousStatus": "", "status": "Todo", "wasAutomated": True, "project": {"number": 7, "title": "Money"},
    }  # fmt: skip
    assert told["AddedToProjectV2Event"] == {"project": {"title": "Money"}}
    assert told["BlockedByAddedEvent"] == {"blockingIssue": {"number": 6}}
    assert told["BlockedByRemovedEvent"] == {"blockingIssue": None}
    assert told["SubIssueAddedEvent"] == {"subIssue": {"number": 3}}
    assert told["ParentIssueAddedEvent"] == {"parent": {"number": 2}}
    assert told["CrossReferencedEvent"] == {"source": {"number": 9}, "isCrossRepository": False}
    assert told["TransferredEvent"] == {"fromRepository": {"nameWithOwner": "acme/api"}}
    assert told["MarkedAsDuplicateEvent"] == {"canonical": {"number": 10}, "duplicate": {"number": 1}}
    assert told["IssueComment"] == {
        "bodyHTML": '<p dir="auto">I think &lt;b&gt;so&lt;/b&gt;</p>', "author": {"login": "anna-acme"},
    }  # fmt: skip
    assert told["ClosedEvent"] == {
        "createdAt": "2026-06-01T12:40:00Z", "stateReason": "COMPLETED",
        "closer": {"__typename": "PullRequest", "number": 1001},
    }  # fmt: skip
    assert told["ReopenedEvent"] == {"actor": None, "stateReason": "REOPENED"}
    assert len({node["id"] for node in nodes}) == len(nodes)


def test_project_fields_and_iterations_split_by_the_clock(github: Any, start: Callable[..., Any]) -> None:
    query = """{ organization(login: "acme") { projectV2(number: 7) { title closed public fields(first: 50) { nodes {
      __typename ... on ProjectV2FieldCommon { id name dataType }
      ... on ProjectV2SingleSelectField { options { id name } }
      ... on ProjectV2IterationField { configuration { duration startDay
        iterations { id title startDate duration } completedIterations { id } } } } } } } }"""
    project = github.ask(query)["organization"]["projectV2"]
    fields = {field["name"]: field for field in project["fields"]["nodes"]}
    assert list(fields)[:3] == ["Title", "Assignees", "Status"]
    assert fields["Estimate"] == {
        "__typename": "ProjectV2Field", "id": "PVTF_est", "name": "Estimate", "dataType": "NUMBER",
    }  # fmt: skip
    assert [option["name"] for option in fields["Status"]["options"]] == ["Todo", "In Progress", "Done"]
    plan = fields["Iteration"]["configuration"]
    assert (plan["duration"], plan["startDay"]) == (14, 1)
    assert [i["id"] for i in plan["completedIterations"]] == ["it2", "it1"]
    assert plan["iterations"] == [
        {"id": "it3", "title": "Iteration 3", "startDate": "2026-11-16", "duration": 14},
        {"id": "it4", "title": "Iteration 4", "startDate": "2026-11-30", "duration": 14},
    ]
    # A clock that begins at the organisation's now and then jumps.
    seconds = iter([0.0])
    later = start(elapsed=lambda: next(seconds, 15 * 86_400.0))
    fields = later.ask(query)["organization"]["projectV2"]["fields"]["nodes"]
    plan = next(field for field in fields if field["name"] == "Iteration")["configuration"]
    assert [i["id"] for i in plan["completedIterations"]] == ["it3", "it2", "it1"]


ITEMS = """query($query: String, $states: [ProjectV2ItemArchivedState!], $first: Int = 100) {
  organization(login: "acme") { projectV2(number: 7) { items(first: $first, query: $query, archivedStates: $states) {
    totalCount nodes { id type isArchived updatedAt content { __typename ... on Issue { number } }
      fieldValueByName(name: "estimate") { ... on ProjectV2ItemFieldNumberValue { number } }
      fieldValues(first: 20) { nodes { __typename
        ... on ProjectV2ItemFieldValueCommon { id updatedAt field { ... on ProjectV2FieldCommon { name } } }
        ... on ProjectV2ItemFieldIterationValue { iterationId title startDate duration }
        ... on ProjectV2ItemFieldNumberValue { number } ... on ProjectV2ItemFieldTextValue { text }
        ... on ProjectV2ItemFieldSingleSelectValue { name optionId color }
        ... on ProjectV2ItemFieldLabelValue { labels(first: 5) { nodes { name } } }
        ... on ProjectV2ItemFieldUserValue { users(first: 5) { nodes { login } } }
        ... on ProjectV2ItemFieldMilestoneValue { milestone { title } }
        ... on ProjectV2ItemFieldRepositoryValue { repository { name } } } } } } } } }"""


def test_project_items_and_their_values(github: Any) -> None:
    page = github.ask(ITEMS, states=["ARCHIVED", "NOT_ARCHIVED"])["organization"]["projectV2"]["items"]
    items = {item["id"]: item for item in page["nodes"]}
    # Thirty issues, a pull request and one we may not see; the one of the deleted issue is gone.
    assert page["totalCount"] == len(items) == 32
    hidden = items["PVTI_hidden"]
    assert (hidden["type"], hidden["content"], hidden["fieldValues"]["nodes"]) == ("REDACTED", None, [])
    assert items["PVTI_pull"]["type"] == "PULL_REQUEST"
    assert items["PVTI_3"]["fieldValueByName"] == {"number": 3.0}
    assert items["PVTI_4"]["fieldValueByName"] is None
    values = {v["__typename"].removeprefix("ProjectV2ItemField"): v for v in items["PVTI_15"]["fieldValues"]["nodes"]}
    assert values["TextValue"]["text"] == "Issue 15"
    assert values["RepositoryValue"]["repository"] == {"name": "checkout"}
    iteration = values["IterationValue"]
    assert (iteration["iterationId"], iteration["title"], iteration["startDate"], iteration["duration"]) == (
        "it3", "Iteration 3", "2026-11-16", 14,
    )  # fmt: skip
    assert (values["NumberValue"]["number"], values["NumberValue"]["field"]) == (15.0, {"name": "Estimate"})
    assert values["SingleSelectValue"]["optionId"] == "bb"
    one = {v["__typename"].removeprefix("ProjectV2ItemField"): v for v in items["PVTI_1"]["fieldValues"]["nodes"]}
    assert one["UserValue"]["users"]["nodes"] == [{"login": "ben-acme"}]
    assert one["LabelValue"]["labels"]["nodes"] == [{"name": "bug"}, {"name": "blocked"}]
    assert one["MilestoneValue"]["milestone"] == {"title": "M1"}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (None, 31),
        ("", 31),
        ('status:"In Progress"', 15),
        ('-status:"In Progress" is:issue', 14),
        ("is:pr", 1),
        ("is:closed", 15),
        ("label:bug", 11),
        ("assignee:ben-acme", 1),
        ("no:estimate", 20),
        ("iteration:@current", 6),
        ("updated:>=2026-06-03", 16),
        ("Issue", 29),
    ],
)
def test_project_filter_text(github: Any, query: str | None, count: int) -> None:
    variables = {} if query is None else {"query": query}
    assert github.ask(ITEMS, **variables)["organization"]["projectV2"]["items"]["totalCount"] == count


def test_pull_requests(github: Any) -> None:
    found = github.ask("""{ repository(owner: "acme", name: "checkout") { pullRequest(number: 1001) {
      state merged mergedAt closed closedAt isDraft additions deletions baseRefName headRefName reviewDecision
      mergeCommit { oid } closingIssuesReferences(first: 5) { nodes { number } }
      commits(first: 1) { totalCount nodes { commit { authoredDate committedDate author { name user { login } } } } }
      reviews(first: 5) { nodes { author { login } submittedAt state } } author { login }
      none: reviews(first: 5, states: [DISMISSED]) { totalCount } } } }""")["repository"]["pullRequest"]
    assert found == {
        "state": "MERGED", "merged": True, "mergedAt": "2026-06-03T09:00:00Z", "closed": True,
        "closedAt": "2026-06-03T09:00:00Z", "isDraft": False, "additions": 10, "deletions": 2, "baseRefName": "main",
        "headRefName": "change-1", "reviewDecision": "APPROVED", "mergeCommit": {"oid": "0" * 39 + "1"},
        "closingIssuesReferences": {"nodes": [{"number": 1}]},
        "commits": {"totalCount": 1, "nodes": [{"commit": {
            "authoredDate": "2026-06-02T04:00:00Z", "committedDate": "2026-06-02T04:00:00Z",
            "author": {"name": "Ben", "user": {"login": "ben-acme"}}}}]},
        "reviews": {"nodes": [{"author": {"login": "anna-acme"}, "submittedAt": "2026-06-02T11:00:00Z",
                               "state": "APPROVED"}]},
        "author": {"login": "ben-acme"}, "none": {"totalCount": 0},
    }  # fmt: skip


def test_milestones_releases_and_deployments(github: Any) -> None:
    found = github.ask("""{ repository(owner: "acme", name: "checkout") {
      milestones(first: 5, states: [OPEN]) { nodes { title openIssueCount closedIssueCount progressPercentage } }
      releases(first: 5) { nodes { tagName isPrerelease isLatest publishedAt tagCommit { oid message } } }
      latestRelease { tagName }
      deployments(first: 5, environments: ["production"]) { nodes { id state updatedAt commitOid
        latestStatus { state createdAt environmentUrl } } } defaultBranchRef { name } } }""")["repository"]
    assert found["milestones"]["nodes"] == [
        {"title": "M1", "openIssueCount": 1, "closedIssueCount": 0, "progressPercentage": 0.0}
    ]
    newest = found["releases"]["nodes"][0]
    assert (newest["tagName"], newest["isPrerelease"], newest["isLatest"]) == ("v2", True, False)
    assert newest["tagCommit"]["message"] == "Change 2 (#1002)"
    assert found["latestRelease"] == {"tagName": "v1"}
    assert [(d["id"], d["state"], d["latestStatus"]["state"]) for d in found["deployments"]["nodes"]] == [
        ("DE_1", "INACTIVE", "SUCCESS"), ("DE_2", "IN_PROGRESS", "IN_PROGRESS"), ("DE_3", "ACTIVE", "SUCCESS"),
    ]  # fmt: skip
    assert found["deployments"]["nodes"][1]["updatedAt"] == "2026-06-02T09:00:00Z"
    assert found["defaultBranchRef"] == {"name": "main"}


def test_nodes_of_every_kind(github: Any) -> None:
    label = issue(github, 1, "labels(first: 1) { nodes { id } } issueType { id }")
    ids = [
        "I_1", "PR_1", "R_1", "MI_1", "RE_1", "DE_1", "PVT_1", "PVTI_1", "PVTIF_1", "U_anna", "U_robot",
        label["labels"]["nodes"][0]["id"], label["issueType"]["id"], "E_I_1_0",
        github.ask('{ organization(login: "acme") { id } }')["organization"]["id"],
    ]  # fmt: skip
    nodes = github.ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)["nodes"]
    assert [node["id"] for node in nodes] == ids
    assert [node["__typename"] for node in nodes] == [
        "Issue", "PullRequest", "Repository", "Milestone", "Release", "Deployment", "ProjectV2", "ProjectV2Item",
        "ProjectV2IterationField", "User", "Bot", "Label", "IssueType", "IssueTypeAddedEvent", "Organization",
    ]  # fmt: skip


def test_changes_of_the_company_show_at_once(start: Callable[..., Any]) -> None:
    github = start()
    repository = github.company.repositories["checkout"]
    first = repository.issues[0]
    query = '{ node(id: "I_1") { ... on Issue { title repository { name } } } }'
    first.title = "Renamed"
    assert github.ask(query)["node"] == {"title": "Renamed", "repository": {"name": "checkout"}}
    repository.issues.remove(first)
    github.company.repositories["api"].issues.append(first)
    first.repo = "api"
    assert github.ask(query)["node"] == {"title": "Renamed", "repository": {"name": "api"}}
    first.deleted_at = github.company.now
    assert github.errors(query)[0]["type"] == "NOT_FOUND"
    del github.company.repositories["api"]
    gone = '{ repository(owner: "acme", name: "api") { id } }'
    assert github.errors(gone)[0]["type"] == "NOT_FOUND"


def test_aliases_fragments_directives_and_typenames(github: Any) -> None:
    found = github.ask(
        """query Q($no: Boolean!) { __typename me: viewer { ...Who } relay { viewer @include(if: $no) { id } }
          repositoryOwner(login: "ACME") { __typename ...Owner } }
        fragment Who on Actor { login @skip(if: $no) ... on User { isViewer } }
        fragment Owner on ProjectV2Owner { projectsV2(first: 1) { nodes { number } } }""",
        no=False,
    )
    assert found == {
        "__typename": "Query", "me": {"login": "anna-acme", "isViewer": True}, "relay": {},
        "repositoryOwner": {"__typename": "Organization", "projectsV2": {"nodes": [{"number": 7}]}},
    }  # fmt: skip


def test_the_schema_tells_of_itself(github: Any) -> None:
    found = github.ask("""query Q($name: String!) { viewer { login }
      issue: __type(name: $name) { fields { name } } __schema { queryType { name } } }""", name="Issue")  # fmt: skip
    assert found["viewer"] == {"login": "anna-acme"}
    assert {"name": "blockedBy"} in found["issue"]["fields"]
    assert found["__schema"] == {"queryType": {"name": "Query"}}
