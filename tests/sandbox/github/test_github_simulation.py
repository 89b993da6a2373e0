"""The simulated company, read through the server from end to end: nothing is refused, nothing missing."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.github.timeline import KINDS

EVENTS = "\n".join(f"... on {kind} {{ createdAt }}" for kind in sorted(KINDS))
ISSUES = f"""query($name: String!, $after: String) {{ repository(owner: "acme", name: $name) {{
  issues(first: 100, after: $after, orderBy: {{field: UPDATED_AT, direction: ASC}}) {{
    totalCount pageInfo {{ hasNextPage endCursor }}
    nodes {{ id state stateReason(enableDuplicate: true) issueType {{ name }} parent {{ id }}
      blockedBy(first: 100) {{ nodes {{ id }} }} assignees(first: 10) {{ nodes {{ id }} }} milestone {{ id }}
      timelineItems(first: 100) {{ totalCount nodes {{ __typename {EVENTS} }} }} }} }} }} }}"""
PULLS = """query($name: String!, $after: String) { repository(owner: "acme", name: $name) {
  pullRequests(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id state mergedAt mergeCommit { oid } closingIssuesReferences(first: 10) { nodes { id } }
      reviews(first: 5) { nodes { submittedAt } } commits(first: 1) { nodes { commit { authoredDate } } } } } } }"""
ITEMS = """query($number: Int!, $after: String) { organization(login: "acme") { projectV2(number: $number) {
  items(first: 100, after: $after, archivedStates: [ARCHIVED, NOT_ARCHIVED]) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id type
      fieldValues(first: 20) { nodes { __typename ... on ProjectV2ItemFieldNumberValue { number }
        ... on ProjectV2ItemFieldIterationValue { iterationId } ... on ProjectV2ItemFieldSingleSelectValue { name }
  } } } } } } }"""


def every(github: Any, query: str, *path: str, **variables: Any) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = github.ask(query, after=after, **variables)
        for step in path:
            page = page[step]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def test_all_of_the_company_can_be_read(start: Callable[..., Any]) -> None:
    company = build_company()
    github = start(company)
    assert sum(len(repository.issues) for repository in company.repositories.values()) > 100
    for name, repository in company.repositories.items():
        visible = {issue.node_id: issue for issue in repository.issues if issue.deleted_at is None}
        found = {issue["id"]: issue for issue in every(github, ISSUES, "repository", "issues", name=name)}
        assert found.keys() == visible.keys()
        for node_id, issue in found.items():
            state = visible[node_id]
            assert (issue["state"], issue["stateReason"]) == (state.state, state.state_reason)
            assert {blocker["id"] for blocker in issue["blockedBy"]["nodes"]} == set(state.blocked_by)
            assert issue["parent"] == ({"id": state.parent} if state.parent else None)
            kinds = Counter(node["__typename"] for node in issue["timelineItems"]["nodes"])
            if issue["timelineItems"]["totalCount"] <= 100 and "CrossReferencedEvent" not in kinds:
                assert kinds == Counter(e.kind for e in state.timeline if e.kind != "CrossReferencedEvent")
        pulls = list(every(github, PULLS, "repository", "pullRequests", name=name))
        assert {pull["id"] for pull in pulls} == {pull.node_id for pull in repository.pull_requests}
    for project in company.github_projects:
        items = {i["id"]: i for i in every(github, ITEMS, "organization", "projectV2", "items", number=project.number)}
        assert items.keys() == {item.node_id for item in project.items}
        for item in project.items:
            values = {value["__typename"]: value for value in items[item.node_id]["fieldValues"]["nodes"]}
            number = values.get("ProjectV2ItemFieldNumberValue", {}).get("number")
            iteration = values.get("ProjectV2ItemFieldIterationValue", {}).get("iterationId")
            assert number == item.estimate
            assert iteration == item.iteration_id
            assert values["ProjectV2ItemFieldSingleSelectValue"]["name"] == item.status
