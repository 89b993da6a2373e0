"""GraphQL answers after every kind of mutation: the schema holds, and everything can be read."""

from typing import Any

from itpm_pipeline.sandbox.mutations.github import GithubEditor

EVERYTHING = """query Everything($after: String) { organization(login: "acme") {
  projectsV2(first: 5) { nodes { title updatedAt
    field(name: "Iteration") { ... on ProjectV2IterationField { configuration {
      duration startDay iterations { id title startDate duration } completedIterations { id } } } }
    items(first: 100, archivedStates: [ARCHIVED, NOT_ARCHIVED]) { totalCount nodes { id type content { __typename }
      fieldValues(first: 20) { nodes { __typename } } } } } } }
  repository(owner: "acme", name: "checkout") { milestones(first: 5) { nodes { title dueOn state } }
    pullRequests(first: 20) { nodes { number merged closingIssuesReferences(first: 5) { totalCount } } }
    issues(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes {
      id number title body state stateReason createdAt updatedAt closedAt issueType { name } parent { id }
      labels(first: 9) { nodes { name } } assignees(first: 9) { nodes { login } } milestone { title }
      subIssues(first: 9) { nodes { id } } blockedBy(first: 9) { nodes { id } } blocking(first: 9) { nodes { id } }
      timelineItems(first: 100) { nodes { __typename ... on TransferredEvent { fromRepository { name } } } } } } }
}"""


def test_every_kind_of_mutation_is_among_the_changes(github_changes: list[dict[str, Any]]) -> None:
    assert {change["kind"] for change in github_changes} == GithubEditor.kinds.keys()


def test_everything_can_be_read(changed_github: Any) -> None:
    after, numbers = None, []
    while True:
        data = changed_github.ask(EVERYTHING, after=after)
        issues = data["repository"]["issues"]
        numbers += [issue["number"] for issue in issues["nodes"]]
        if not issues["pageInfo"]["hasNextPage"]:
            break
        after = issues["pageInfo"]["endCursor"]
    assert not {15, 40} & set(numbers)
    assert len(numbers) == len(set(numbers)) > 200


def test_a_transferred_issue_redirects_within_the_described_shape(changed_github: Any) -> None:
    moved = changed_github.get("/repos/acme/checkout/issues/15")
    assert (moved.status_code, set(moved.json())) == (301, {"message", "url", "documentation_url"})
    assert changed_github.get(moved.headers["location"]).json()["repository_url"].endswith("/repos/acme/service-03")
