"""Maps pull requests and the issues they close or name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from itpm_pipeline.canonical.references import find_references
from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping.values import People, instant, is_bot, issue_key, nodes, required

CLOSES, MENTIONS, KEY_IN_NAME = "closes", "mentions", "key_in_branch_or_title"

_KEY_IN_BRANCH = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9_]{1,30}-[1-9]\d{0,9}(?![A-Za-z0-9])")


def map_pull_request(node: Mapping[str, Any], _record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """A pull request."""
    pr_id = context.id(required(node, "id"))
    key = issue_key(node)
    if key is None:
        raise MappingError("repository or number is missing")
    author = node.get("author") or {}
    first_commit = next(iter(nodes(node, "commits")), {}).get("commit") or {}
    merged_at = instant(node.get("mergedAt"))
    rows.add("pull_request", {
        "pr_id": pr_id,
        "repo_id": context.id(node["repository"]["id"]),
        "pr_key": key,
        "title": node.get("title"),
        "state": str(required(node, "state")).lower(),
        "author_person_id": People(context, rows).id(author),
        "created_at": instant(required(node, "createdAt")),
        "updated_at": instant(node.get("updatedAt")),
        "first_commit_at": instant(first_commit.get("authoredDate")),
        "first_review_at": instant(_first_review(node, author.get("login"))),
        "merged_at": merged_at,
        "closed_at": instant(node.get("closedAt")),
        "merge_commit_oid": (node.get("mergeCommit") or {}).get("oid") if merged_at else None,
        "base_branch": node.get("baseRefName"),
        "head_branch": node.get("headRefName"),
        "is_draft": bool(node.get("isDraft")),
        "additions": node.get("additions"),
        "deletions": node.get("deletions"),
        "url": node.get("url"),
    })  # fmt: skip
    rows.replace("pr_issue", pr_id)
    for reference, issue, relation in _referred(node, context):
        rows.add("pr_issue", {"pr_id": pr_id, "issue_ref": reference, "issue_id": issue, "relation": relation})


def _first_review(node: Mapping[str, Any], author: str | None) -> str | None:
    """When a person other than the author first reviewed; a review not submitted yet does not count."""
    times = [
        str(review["submittedAt"])
        for review in nodes(node, "reviews")
        if review.get("submittedAt") and not _is_own_or_bot(review.get("author") or {}, author)
    ]
    return min(times, default=None)


def _is_own_or_bot(account: Mapping[str, Any], author: str | None) -> bool:
    return is_bot(account) or (author is not None and account.get("login") == author)


def _referred(node: Mapping[str, Any], context: GithubContext) -> Iterator[tuple[str, str | None, str]]:
    """(reference, issue id where known, relation), each pair of reference and relation once."""
    closed = {}
    for issue in nodes(node, "closingIssuesReferences"):
        closed[issue_key(issue) or str(issue["id"])] = context.id(issue["id"])
    for reference, issue_id in closed.items():
        yield reference, issue_id, CLOSES
    repository = (node.get("repository") or {}).get("nameWithOwner")
    title, body = str(node.get("title") or ""), str(node.get("body") or "")
    named = [reference.ref for reference in find_references(title, repository=repository)]
    keys = [ref for ref in named if "#" not in ref]
    keys += [key.upper() for key in _KEY_IN_BRANCH.findall(str(node.get("headRefName") or ""))]
    for key in dict.fromkeys(keys):
        yield key, None, KEY_IN_NAME
    texts = [*named, *(reference.ref for reference in find_references(body, repository=repository))]
    for reference in dict.fromkeys(texts):
        if reference not in closed and reference not in keys and reference != issue_key(node):
            yield reference, None, MENTIONS
