"""What is selected of each kind of node, and the fragments for it; ``queries.py`` makes documents of these."""

from itpm_pipeline.sources.github.features import Features

PAGE_INFO = "pageInfo { hasNextPage endCursor }"
RATE = "rateLimit { cost }"
ISSUE_REFERENCE = "__typename id number title url state repository { id nameWithOwner }"

TIMELINE_TYPES: dict[str, tuple[str, str]] = {
    "CLOSED_EVENT": ("ClosedEvent", "stateReason"),
    "REOPENED_EVENT": ("ReopenedEvent", "stateReason"),
    "LABELED_EVENT": ("LabeledEvent", "label { name }"),
    "UNLABELED_EVENT": ("UnlabeledEvent", "label { name }"),
    "ASSIGNED_EVENT": ("AssignedEvent", "assignee { ...Person }"),
    "UNASSIGNED_EVENT": ("UnassignedEvent", "assignee { ...Person }"),
    "MILESTONED_EVENT": ("MilestonedEvent", "milestoneTitle"),
    "DEMILESTONED_EVENT": ("DemilestonedEvent", "milestoneTitle"),
    "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT": ("ProjectV2ItemStatusChangedEvent", "previousStatus status project { id }"),
    "ADDED_TO_PROJECT_V2_EVENT": ("AddedToProjectV2Event", "project { id }"),
    "REMOVED_FROM_PROJECT_V2_EVENT": ("RemovedFromProjectV2Event", "project { id }"),
    "CONVERTED_FROM_DRAFT_EVENT": ("ConvertedFromDraftEvent", "project { id }"),
    "PARENT_ISSUE_ADDED_EVENT": ("ParentIssueAddedEvent", "parent { ...Reference }"),
    "PARENT_ISSUE_REMOVED_EVENT": ("ParentIssueRemovedEvent", "parent { ...Reference }"),
    "SUB_ISSUE_ADDED_EVENT": ("SubIssueAddedEvent", "subIssue { ...Reference }"),
    "SUB_ISSUE_REMOVED_EVENT": ("SubIssueRemovedEvent", "subIssue { ...Reference }"),
    "BLOCKED_BY_ADDED_EVENT": ("BlockedByAddedEvent", "blockingIssue { ...Reference }"),
    "BLOCKED_BY_REMOVED_EVENT": ("BlockedByRemovedEvent", "blockingIssue { ...Reference }"),
    "BLOCKING_ADDED_EVENT": ("BlockingAddedEvent", "blockedIssue { ...Reference }"),
    "BLOCKING_REMOVED_EVENT": ("BlockingRemovedEvent", "blockedIssue { ...Reference }"),
    "ISSUE_TYPE_ADDED_EVENT": ("IssueTypeAddedEvent", "issueType { id name }"),
    "ISSUE_TYPE_CHANGED_EVENT": ("IssueTypeChangedEvent", "issueType { id name } prevIssueType { id name }"),
    "ISSUE_TYPE_REMOVED_EVENT": ("IssueTypeRemovedEvent", "issueType { id name }"),
    "ISSUE_FIELD_ADDED_EVENT": ("IssueFieldAddedEvent", "issueField { ...FieldName } value"),
    "ISSUE_FIELD_CHANGED_EVENT": ("IssueFieldChangedEvent", "issueField { ...FieldName } previousValue newValue"),
    "ISSUE_FIELD_REMOVED_EVENT": ("IssueFieldRemovedEvent", "issueField { ...FieldName }"),
    "TRANSFERRED_EVENT": ("TransferredEvent", "fromRepository { id nameWithOwner }"),
    "MARKED_AS_DUPLICATE_EVENT": ("MarkedAsDuplicateEvent", "canonical { ...Canonical }"),
    "UNMARKED_AS_DUPLICATE_EVENT": ("UnmarkedAsDuplicateEvent", "canonical { ...Canonical }"),
}
"""Timeline item types that carry history we keep: GraphQL type, and its fields beside time and actor."""

PROJECT_EVENTS = (
    "ADDED_TO_PROJECT_V2_EVENT", "REMOVED_FROM_PROJECT_V2_EVENT", "CONVERTED_FROM_DRAFT_EVENT",
    "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT",
)  # fmt: skip
"""What happens to an issue in a project (v2) stands in its timeline, but does not move its ``updatedAt``."""

_ISSUE_FIELD_TYPES = ("IssueFieldDate", "IssueFieldMultiSelect", "IssueFieldNumber", "IssueFieldSingleSelect",
                      "IssueFieldText")  # fmt: skip

FRAGMENTS: dict[str, str] = {
    "Who": "fragment Who on Actor { __typename login ... on Node { id } ... on User { name } }",
    "Person": "fragment Person on Assignee { __typename ... on User { id login name } ... on Bot { id login } "
    "... on Mannequin { id login } ... on Organization { id login } }",
    "Reference": f"fragment Reference on Issue {{ {ISSUE_REFERENCE} }}",
    "Canonical": f"fragment Canonical on IssueOrPullRequest {{ __typename ... on Issue {{ {ISSUE_REFERENCE} }} "
    "... on PullRequest { id number } }",
    "FieldName": "fragment FieldName on IssueFields { __typename "
    + " ".join(f"... on {name} {{ id name }}" for name in _ISSUE_FIELD_TYPES)
    + " }",
}

_ISSUE_FIELD_VALUES = (
    "__typename ... on IssueFieldValueCommon { field { ...FieldName } } "
    "... on IssueFieldNumberValue { id number: value } "
    "... on IssueFieldDateValue { id date: value } "
    "... on IssueFieldSingleSelectValue { id name optionId } "
    "... on IssueFieldTextValue { id text: value }"
)
"""Aliases are needed: ``value`` is a number in one type and a text in another."""

DEPLOYMENT_FIELDS = (
    "id databaseId environment originalEnvironment commitOid createdAt updatedAt state task "
    "statuses(first: 20) { nodes { id state createdAt environment } }"
)
PROJECT_FIELDS = f"""
    id number title shortDescription url closed public createdAt
    owner {{ __typename id ... on Organization {{ login }} ... on User {{ login }} }}
    repositories(first: 100) {{ {PAGE_INFO} nodes {{ id nameWithOwner }} }}
    fields(first: 100) {{ {PAGE_INFO} nodes {{ __typename
      ... on ProjectV2FieldCommon {{ id name dataType }}
      ... on ProjectV2SingleSelectField {{ options {{ id name }} }}
      ... on ProjectV2IterationField {{ configuration {{ duration startDay
        iterations {{ id title startDate duration }} completedIterations {{ id title startDate duration }} }} }}
    }} }}
"""


def document(operation: str, body: str) -> str:
    """An operation with the fragments it uses, directly or through others, and what it costs."""
    needed: list[str] = []
    text = body
    while fresh := [name for name in FRAGMENTS if f"...{name}" in text and name not in needed]:
        needed += fresh
        text = " ".join(FRAGMENTS[name] for name in fresh)
    return f"{operation} {{ {body} {RATE} }} " + " ".join(FRAGMENTS[name] for name in needed)


def timeline(features: Features, arguments: str = "first: 50") -> str:
    """The timeline connection with the event types this server knows."""
    known = [name for name in TIMELINE_TYPES if features.has(f"IssueTimelineItemsItemType.{name}")]
    selections = " ".join(
        f"... on {kind} {{ createdAt actor {{ ...Who }} {fields} }}"
        for kind, fields in (TIMELINE_TYPES[name] for name in known)
    )
    return (
        f"timelineItems({arguments}, itemTypes: [{' '.join(known)}]) {{ totalCount {PAGE_INFO} "
        f"nodes {{ __typename ... on Node {{ id }} {selections} }} }}"
    )


def issue_fields(features: Features) -> str:
    """All we read of an issue except dependencies and sub-issues."""
    optional = {
        "Issue.issueType": "issueType { id name }",
        "Issue.parent": f"parent {{ {ISSUE_REFERENCE} "
        + ("issueType { id name } " if features.has("Issue.issueType") else "")
        + "labels(first: 20) { nodes { name } } }",
        "Issue.subIssuesSummary": "subIssuesSummary { total completed }",
        "IssueDependenciesSummary.totalBlockedBy": "issueDependenciesSummary { totalBlockedBy totalBlocking }",
        "Issue.duplicateOf": "duplicateOf { ...Reference }",
        "Issue.issueFieldValues": f"issueFieldValues(first: 20) {{ {PAGE_INFO} nodes {{ {_ISSUE_FIELD_VALUES} }} }}",
        "Issue.closedByPullRequestsReferences": (
            f"closedByPullRequestsReferences(first: 10, includeClosedPrs: true) {{ {PAGE_INFO} "
            "nodes { id number createdAt closedAt repository { nameWithOwner } } }"
        ),
    }
    duplicates = "(enableDuplicate: true)" if features.has("Issue.stateReason.enableDuplicate") else ""
    return f"""
      id number title url body state stateReason{duplicates} closedAt createdAt updatedAt
      author {{ ...Who }}
      repository {{ id nameWithOwner }}
      milestone {{ id number title }}
      comments {{ totalCount }}
      labels(first: 50) {{ {PAGE_INFO} nodes {{ name }} }}
      assignees(first: 10) {{ {PAGE_INFO} nodes {{ __typename id login name }} }}
      {timeline(features)}
      {" ".join(text for name, text in optional.items() if features.has(name))}
    """


PULL_REQUEST_FIELDS = f"""
    id number title url body state isDraft createdAt updatedAt mergedAt closedAt additions deletions
    baseRefName headRefName mergeCommit {{ oid }}
    author {{ ...Who }}
    repository {{ id nameWithOwner }}
    commits(first: 1) {{ totalCount nodes {{ commit {{ oid authoredDate }} }} }}
    reviews(first: 20) {{ {PAGE_INFO} nodes {{ id state submittedAt author {{ ...Who }} }} }}
    closingIssuesReferences(first: 20) {{ {PAGE_INFO} nodes {{ ...Reference }} }}
"""


def field_values(features: Features, arguments: str) -> str:
    """The values of an item's project fields. Titles, labels and so on come with the issue and are left out."""
    own = (
        "... on ProjectV2ItemIssueFieldValue { field { ... on ProjectV2FieldCommon { id name } } "
        f"issueFieldValue {{ {_ISSUE_FIELD_VALUES} }} }} "
        if features.has("ProjectV2ItemIssueFieldValue")
        else ""
    )
    return (
        f"fieldValues({arguments}) {{ {PAGE_INFO} nodes {{ __typename "
        "... on ProjectV2ItemFieldValueCommon { id updatedAt field { ... on ProjectV2FieldCommon { id name } } } "
        "... on ProjectV2ItemFieldIterationValue { iterationId title startDate duration } "
        "... on ProjectV2ItemFieldNumberValue { number } "
        "... on ProjectV2ItemFieldSingleSelectValue { optionId name } "
        "... on ProjectV2ItemFieldDateValue { date } "
        f"{own} }} }}"
    )


RELATIONS = ("blockedBy", "blocking", "subIssues")


def relation(name: str, arguments: str) -> str:
    """One of :data:`RELATIONS` as a connection."""
    return f"{name}({arguments}) {{ totalCount {PAGE_INFO} nodes {{ ...Reference }} }}"


def continued(name: str, features: Features, arguments: str) -> str:
    """A connection of an issue, pull request or item from a cursor on."""
    if name in RELATIONS:
        return relation(name, arguments)
    if name == "timelineItems":
        return timeline(features, arguments)
    if name == "fieldValues":
        return field_values(features, arguments)
    return f"{name}({arguments}) {{ {PAGE_INFO} nodes {{ {_CONTINUED_FIELDS[name]} }} }}"


_CONTINUED_FIELDS: dict[str, str] = {
    "labels": "name",
    "assignees": "__typename id login name",
    "issueFieldValues": _ISSUE_FIELD_VALUES,
    "closedByPullRequestsReferences": "id number createdAt closedAt repository { nameWithOwner }",
    "reviews": "id state submittedAt author { ...Who }",
    "closingIssuesReferences": "...Reference",
}
CONTINUED_TYPES: dict[str, tuple[str, ...]] = {
    "Issue": (*RELATIONS, "timelineItems", "labels", "assignees", "issueFieldValues",
              "closedByPullRequestsReferences"),
    "PullRequest": ("reviews", "closingIssuesReferences"),
    "ProjectV2Item": ("fieldValues",),
}  # fmt: skip
"""Connections that may need further pages, by the type of their node."""
