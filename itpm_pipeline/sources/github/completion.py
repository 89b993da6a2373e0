"""Completes nodes whose nested connections did not fit into their page, many nodes in one request.

A landed node is the object of the page query with two changes: every connection holds all its nodes (``totalCount``
is that of the last page read), and ``pageInfo`` is left out, because cursors are not data. Issues with dependencies
or sub-issues get the connections ``blockedBy``, ``blocking`` and ``subIssues`` beside their own.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from itpm_pipeline.errors import ProtocolError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.github.features import Features
from itpm_pipeline.sources.github.pages import PageSize, ask, nodes_by_id
from itpm_pipeline.sources.github.queries import relations_query
from itpm_pipeline.sources.github.selections import CONTINUED_TYPES, RELATIONS, continued, document
from itpm_pipeline.sources.github.session import GithubSession

WAITING_NODES = 100
"""Nodes collected before their missing parts are asked for: GitHub takes up to 100 ids at once."""
CONTINUED_AT_ONCE = 20
"""Continued connections in one query; each brings up to 100 nodes, far from the limit of 500,000."""


class Completion:
    """Hands nodes on once they are complete; order may change."""

    def __init__(self, session: GithubSession, features: Features, kind: str, doing: str, traffic: Traffic) -> None:
        self._session = session
        self._features = features
        self._kind = kind
        self._doing = doing
        self._traffic = traffic
        self._waiting: list[dict[str, Any]] = []

    def add(self, nodes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the nodes that lack nothing, and others as soon as enough of them wait to be completed together."""
        for node in nodes:
            if self._wants_relations(node) or any(self._open_ends([node])):
                self._waiting.append(node)
            else:
                yield _without_cursors(node, self._kind)
            if len(self._waiting) >= WAITING_NODES:
                yield from self.finish()

    def finish(self) -> Iterator[dict[str, Any]]:
        """Complete and yield all nodes that wait."""
        waiting, self._waiting = self._waiting, []
        related = [node for node in waiting if self._wants_relations(node)]
        if related:
            self._add_relations(related)
        while ends := list(self._open_ends(waiting)):
            for start in range(0, len(ends), CONTINUED_AT_ONCE):
                self._continue(ends[start : start + CONTINUED_AT_ONCE])
        for node in waiting:
            yield _without_cursors(node, self._kind)

    def _wants_relations(self, node: dict[str, Any]) -> bool:
        if self._kind != "Issue":
            return False
        dependencies = node.get("issueDependenciesSummary") or {}
        counts = (
            dependencies.get("totalBlockedBy"),
            dependencies.get("totalBlocking"),
            (node.get("subIssuesSummary") or {}).get("total"),
        )
        return any(counts)

    def _add_relations(self, nodes: Sequence[dict[str, Any]]) -> None:
        doing, query = f"{self._doing} (dependencies and sub-issues)", relations_query(self._features)
        related = nodes_by_id(self._session, doing, query, [node["id"] for node in nodes], self._traffic)
        by_id = {found["id"]: found for found in related}
        for node in nodes:
            for name in RELATIONS:
                connection = by_id.get(node["id"], {}).get(name)
                if connection is not None:
                    node[name] = connection

    def _open_ends(self, nodes: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str, str]]:
        """(node, connection, cursor) of connections that have more pages."""
        for node in nodes:
            for name in CONTINUED_TYPES[self._kind]:
                info = (node.get(name) or {}).get("pageInfo") or {}
                if info.get("hasNextPage"):
                    yield node, name, str(info["endCursor"])

    def _continue(self, ends: Sequence[tuple[dict[str, Any], str, str]]) -> None:
        query, variables = continuation(self._kind, [(node["id"], name, cursor) for node, name, cursor in ends],
                                        self._features)  # fmt: skip
        answer = ask(self._session, f"{self._doing} (further pages)", query, variables,
                     size=PageSize(100), traffic=self._traffic)  # fmt: skip
        for position, (node, name, cursor) in enumerate(ends):
            more = (answer.data.get(f"n{position}") or {}).get(name)
            if more is None:
                # Deleted while we read: it stays as it is, and its history counts as incomplete.
                node[name]["pageInfo"]["hasNextPage"] = False
                continue
            if (more.get("pageInfo") or {}).get("endCursor") == cursor and more["pageInfo"].get("hasNextPage"):
                raise ProtocolError(f"{self._doing}: GitHub gave the cursor {cursor!r} of {name} twice")
            node[name] = {**more, "nodes": [*node[name]["nodes"], *more["nodes"]]}


def continuation(kind: str, ends: Sequence[tuple[str, str, str]], features: Features) -> tuple[str, dict[str, str]]:
    """A query for the next page of several (node id, connection, cursor), and its variables; ``$first`` is open."""
    declared, parts = ["$first: Int!"], []
    variables: dict[str, str] = {}
    for position, (node_id, name, cursor) in enumerate(ends):
        declared += [f"$id{position}: ID!", f"$after{position}: String!"]
        variables |= {f"id{position}": node_id, f"after{position}": cursor}
        connection = continued(name, features, f"first: $first, after: $after{position}")
        parts.append(f"n{position}: node(id: $id{position}) {{ ... on {kind} {{ id {connection} }} }}")
    return document(f"query Continued({', '.join(declared)})", " ".join(parts)), variables


def _without_cursors(node: dict[str, Any], kind: str) -> dict[str, Any]:
    for name in CONTINUED_TYPES[kind]:
        if isinstance(node.get(name), dict):
            node[name].pop("pageInfo", None)
    return node
