"""Maps what connects an issue to others: dependencies, parent, sub-issues, duplicates, references in its text."""

from collections.abc import Iterator, Mapping
from typing import Any

from itpm_pipeline.canonical.references import Relation, find_references
from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.vocabulary import EdgeType, LinkProvenance
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping.values import issue_key, nodes

BLOCKS, CHILD, DUPLICATES = EdgeType.BLOCKS, EdgeType.PARENT_CHILD, EdgeType.DUPLICATES
DEPENDENCY, SUB_ISSUE = LinkProvenance.GITHUB_DEPENDENCY, LinkProvenance.GITHUB_SUB_ISSUE

CONNECTED: tuple[tuple[str, str, EdgeType, LinkProvenance, bool], ...] = (
    ("blockedBy", "blocked_by", BLOCKS, DEPENDENCY, True),
    ("blocking", "blocking", BLOCKS, DEPENDENCY, False),
    ("subIssues", "sub_issue", CHILD, SUB_ISSUE, True),
    ("parent", "parent", CHILD, SUB_ISSUE, False),
    ("duplicateOf", "duplicate_of", DUPLICATES, DEPENDENCY, True),
)
"""(field, name, edge, provenance, whether the other issue is the predecessor). A parent cannot finish before its
sub-issues, so the edge goes from the sub-issue to the parent."""


def add_links(node: Mapping[str, Any], record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """Rows of ``issue_link`` as seen from this issue; the caller has declared its scope replaced."""
    for link in (*_connected(node, context), *_mentioned(node, context)):
        rows.add("issue_link", {
            "seen_from_id": context.id(node["id"]), "observed_at": record.fetched_at, **link
        })  # fmt: skip


def _connected(node: Mapping[str, Any], context: GithubContext) -> Iterator[dict[str, Any]]:
    this = {"id": context.id(node["id"]), "ref": issue_key(node)}
    for name, word, edge, provenance, is_predecessor in CONNECTED:
        value = node.get(name) or {}
        others = nodes(node, name) if "nodes" in value else [value]
        for other in others:
            if not other.get("id"):
                continue
            that = {"id": context.id(other["id"]), "ref": issue_key(other)}
            blocker, blocked = (that, this) if is_predecessor else (this, that)
            yield {
                "link_ref": f"{word}:{other['id']}",
                "blocker_issue_id": blocker["id"],
                "blocker_ref": blocker["ref"],
                "blocked_issue_id": blocked["id"],
                "blocked_ref": blocked["ref"],
                "edge_type": edge.value,
                "type_raw": word,
                "provenance": provenance.value,
                "confidence": 1.0,
            }


def _mentioned(node: Mapping[str, Any], context: GithubContext) -> Iterator[dict[str, Any]]:
    key = issue_key(node)
    repository = (node.get("repository") or {}).get("nameWithOwner")
    text = f"{node.get('title') or ''}\n\n{node.get('body') or ''}"
    for reference in find_references(text, repository=repository):
        is_mention = reference.relation is Relation.MENTIONS
        if is_mention and reference.ref == key:
            continue
        this, that = {"id": context.id(node["id"]), "ref": key}, {"id": None, "ref": reference.ref}
        blocker, blocked = (this, that) if reference.relation is Relation.BLOCKS else (that, this)
        yield {
            "link_ref": f"text:{reference.relation.value}:{reference.ref}",
            "blocker_issue_id": blocker["id"],
            "blocker_ref": blocker["ref"],
            "blocked_issue_id": blocked["id"],
            "blocked_ref": blocked["ref"],
            "edge_type": (EdgeType.MENTIONS if is_mention else EdgeType.BLOCKS).value,
            "type_raw": reference.phrase,
            "provenance": LinkProvenance.TEXT_PHRASE.value,
            "confidence": reference.confidence,
        }
