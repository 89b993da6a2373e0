"""Every document is valid against GitHub's own schema, with all optional parts and with none."""

import pytest
from graphql import GraphQLSchema, build_schema, execute_sync, parse, validate

from itpm_pipeline.sources.github import queries, selections
from itpm_pipeline.sources.github.completion import continuation
from itpm_pipeline.sources.github.features import FEATURE_QUERY, Features

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

EVERYTHING, NOTHING = Features(), Features(frozenset())
CONTINUED = [(kind, name) for kind, names in selections.CONTINUED_TYPES.items() for name in names]


@pytest.fixture(scope="module")
def schema(shared) -> GraphQLSchema:
    text = (shared / "specs" / "github-schema.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True)


def check(schema, text):
    assert [error.message for error in validate(schema, parse(text))] == []


@pytest.mark.parametrize("features", [EVERYTHING, NOTHING], ids=["everything", "nothing"])
@pytest.mark.parametrize(
    "compose", [queries.issues_query, queries.owner_query, queries.project_items_query], ids=lambda one: one.__name__
)
def test_documents_that_depend_on_the_server(schema, compose, features):
    check(schema, compose(features))


@pytest.mark.parametrize(
    "text",
    [
        FEATURE_QUERY, queries.VIEWER_QUERY, queries.overview_query(),
        queries.issue_ids_query(), queries.issues_by_id_query(EVERYTHING), queries.project_events_query(EVERYTHING),
        queries.deployments_by_id_query(), queries.projects_query(), queries.project_details_query(),
        queries.relations_query(EVERYTHING), queries.repository_lists_query(tuple(queries.REPOSITORY_LISTS)),
        *(queries.repository_lists_query([stream]) for stream in queries.REPOSITORY_LISTS),
    ],
)  # fmt: skip
def test_documents(schema, text):
    check(schema, text)


@pytest.mark.parametrize(("kind", "name"), CONTINUED)
def test_documents_that_continue_a_connection(schema, kind, name):
    text, variables = continuation(kind, [("A", name, "x"), ("B", name, "y")], EVERYTHING)
    check(schema, text)
    assert variables == {"id0": "A", "after0": "x", "id1": "B", "after1": "y"}


def test_features_are_read_from_the_schema_itself(schema):
    features = Features.from_introspection(execute_sync(schema, parse(FEATURE_QUERY)).data)
    for name in (
        "Issue.parent", "Issue.issueType", "Issue.subIssuesSummary", "Issue.issueFieldValues", "Issue.blockedBy",
        "Issue.closedByPullRequestsReferences", "Issue.duplicateOf", "Issue.stateReason.enableDuplicate",
        "IssueDependenciesSummary.totalBlockedBy", "ProjectV2.items.archivedStates", "ProjectV2ItemIssueFieldValue",
        "Organization.issueTypes", *(f"IssueTimelineItemsItemType.{name}" for name in selections.TIMELINE_TYPES),
    ):  # fmt: skip
        assert features.has(name), name
    assert not features.has("Issue.doesNotExist")
    assert queries.issues_query(features) == queries.issues_query(EVERYTHING)


def test_a_page_stays_far_below_the_node_limit():
    """100 issues with all their connections at once: GitHub counts the product of nested page sizes."""
    per_issue = 50 + 10 + 50 + 20 + 20 + 10
    assert 100 * per_issue < 500_000 / 20
