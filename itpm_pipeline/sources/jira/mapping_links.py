"""Links, parents and references of an issue to rows of ``issue_link`` (METRICS.md 4.1)."""

from collections.abc import Mapping
from typing import Any

from itpm_pipeline.canonical.references import Relation, find_references, reference_in_address, relation_of
from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.vocabulary import EdgeType, LinkProvenance
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.context import JiraContext
from itpm_pipeline.sources.jira.text import reference_text
from itpm_pipeline.sources.jira.values import mapping, objects, text

OUTWARD_IS_BLOCKER = {"blocks": True, "depends": False}
"""Link type to whether the issue that has the other as outwardIssue blocks it (METRICS.md 5.6, dependency.link_types).

"K depends on Z": K has Z as outwardIssue, and waits for it. Types that are not listed run from K to Z."""

EDGE_TYPES = {"blocks": EdgeType.BLOCKS, "depends": EdgeType.BLOCKS, "duplicate": EdgeType.DUPLICATES}
"""Link type to kind of edge; others relate."""

REMOTE_PHRASE_CONFIDENCE, REMOTE_CONFIDENCE = 0.9, 0.4

_EDGES = {Relation.MENTIONS: EdgeType.MENTIONS, Relation.BLOCKS: EdgeType.BLOCKS, Relation.BLOCKED_BY: EdgeType.BLOCKS}

End = tuple[str | None, str | None]
"""One end of an edge: canonical id (None: only the key is known) and human key."""


class Links:
    """Adds the edges seen from one record."""

    def __init__(self, record: RawRecord, rows: CanonicalRows, seen_from: str) -> None:
        self._observed_at = record.fetched_at
        self._rows = rows
        self._seen_from = seen_from
        self._refs: set[str] = set()
        rows.replace("issue_link", seen_from)

    def add(
        self,
        link_ref: str,
        ends: tuple[End, End],
        edge: EdgeType,
        *,
        type_raw: str | None,
        provenance: LinkProvenance,
        confidence: float = 1.0,
    ) -> None:
        """One edge; ``ends`` are predecessor and successor. A ``link_ref`` seen before is left out."""
        if link_ref in self._refs:
            return
        self._refs.add(link_ref)
        blocker, blocked = ends
        self._rows.add("issue_link", {
            "seen_from_id": self._seen_from,
            "link_ref": link_ref,
            "blocker_issue_id": blocker[0],
            "blocker_ref": blocker[1],
            "blocked_issue_id": blocked[0],
            "blocked_ref": blocked[1],
            "edge_type": edge,
            "type_raw": type_raw,
            "provenance": provenance,
            "confidence": confidence,
            "observed_at": self._observed_at,
        })  # fmt: skip


def map_issue_links(issue: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Issue links, parent, epic and references in the description of one issue."""
    fields, this = mapping(issue.get("fields")), _end(issue, context)
    links = Links(record, rows, str(this[0]))
    for link in objects(fields.get("issuelinks")):
        _add_issue_link(links, link, this, context)
    parent = mapping(fields.get("parent"))
    if parent:
        _add_parent(links, "parent", this, _end(parent, context))
    for field in context.roles.epic_link:
        epic = text(fields.get(field))
        if epic and epic != parent.get("key"):
            _add_parent(links, "Epic Link", this, (None, epic))
    for found in find_references(reference_text(fields.get("description"))):
        if found.ref != this[1]:
            links.add(
                f"text:{found.relation}:{found.ref}",
                _directed(this, (None, found.ref), found.relation),
                _EDGES[found.relation],
                type_raw=found.phrase,
                provenance=LinkProvenance.TEXT_PHRASE,
                confidence=found.confidence,
            )


def map_remote_links(
    payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows
) -> None:
    """Links of one issue to issues in other trackers; links to other pages are no edges."""
    issue_id = context.issue_ref(payload.get("issueId"))
    links = Links(record, rows, issue_id)
    for link in objects(payload.get("remoteLinks")):
        ref = reference_in_address(str(mapping(link.get("object")).get("url") or ""))
        if ref is None:
            continue
        words = text(link.get("relationship"))
        relation = relation_of(words or "")
        is_phrase = relation is not Relation.MENTIONS
        links.add(
            f"remote:{link.get('id') or ref}",
            _directed((issue_id, None), (None, ref), relation),
            EdgeType.BLOCKS if is_phrase else EdgeType.RELATES,
            type_raw=words,
            provenance=LinkProvenance.JIRA_REMOTE_LINK,
            confidence=REMOTE_PHRASE_CONFIDENCE if is_phrase else REMOTE_CONFIDENCE,
        )


def _add_issue_link(links: Links, link: Mapping[str, Any], this: End, context: JiraContext) -> None:
    name = str(mapping(link.get("type")).get("name") or "")
    kind = name.lower()
    # In what a GET returns, "outwardIssue" means: this issue does the outward thing to that one.
    outward, inward = mapping(link.get("outwardIssue")), mapping(link.get("inwardIssue"))
    for other, (source, target) in (
        (outward, (this, _end(outward, context))),
        (inward, (_end(inward, context), this)),
    ):
        if other:
            links.add(
                str(link.get("id") or f"{name}:{other.get('key')}"),
                (source, target) if OUTWARD_IS_BLOCKER.get(kind, True) else (target, source),
                EDGE_TYPES.get(kind, EdgeType.RELATES),
                type_raw=name or None,
                provenance=LinkProvenance.JIRA_LINK,
            )


def _add_parent(links: Links, name: str, child: End, parent: End) -> None:
    """A parent cannot finish before its child: the child comes first."""
    links.add(name, (child, parent), EdgeType.PARENT_CHILD, type_raw=name, provenance=LinkProvenance.JIRA_PARENT)


def _directed(this: End, other: End, relation: Relation) -> tuple[End, End]:
    """Predecessor and successor of what this issue's text says of the other one."""
    return (this, other) if relation is Relation.BLOCKS else (other, this)


def _end(issue: Mapping[str, Any], context: JiraContext) -> End:
    number = issue.get("id")
    return (context.issue_ref(number) if number else None, text(issue.get("key")))
