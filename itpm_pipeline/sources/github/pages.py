"""Walks GraphQL connections page by page, asking for less where GitHub cannot answer in time."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.github.session import GithubSession, GraphqlAnswer, PageTooLargeError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """Nodes of one page; ``hidden`` counts nodes that came as null; ``fetched_at`` is our clock, UTC."""

    nodes: Sequence[dict[str, Any]]
    connection: Mapping[str, Any]
    hidden: int
    fetched_at: datetime
    server_time: datetime


@dataclass(slots=True)
class PageSize:
    """How many nodes to ask for; halved for the rest of a reading when GitHub cannot answer in time."""

    size: int
    halvings: int = field(default=0)

    @property
    def can_shrink(self) -> bool:
        """Whether there is less to ask for."""
        return self.size > 1

    def halve(self) -> None:
        """Ask for half from now on."""
        self.size = max(1, self.size // 2)
        self.halvings += 1


def ask(
    session: GithubSession,
    doing: str,
    document: str,
    variables: Mapping[str, Any],
    *,
    size: PageSize,
    traffic: Traffic,
) -> GraphqlAnswer:
    """One query with ``$first``; halves ``size`` until GitHub answers. At size 1 an overload is retried as it is."""
    while True:
        try:
            return session.graphql(
                doing, document, {**variables, "first": size.size}, traffic, can_shrink=size.can_shrink
            )
        except PageTooLargeError as error:
            size.halve()
            log.info("%s; asking for %d at once", error, size.size)


def walk(
    session: GithubSession,
    doing: str,
    document: str,
    variables: Mapping[str, Any],
    path: Sequence[str],
    *,
    size: PageSize,
    traffic: Traffic,
    after: str | None = None,
) -> Iterator[Page]:
    """All pages of the connection at ``path`` of the answers, from the cursor ``after`` on.

    Raises:
        RefusedError: Something on the path is null: it does not exist or we may not see it.
        ProtocolError: A cursor came twice, or more pages are promised without a cursor.
    """
    seen: set[str] = set()
    while True:
        place = {} if after is None else {"after": after}
        answer = ask(session, doing, document, {**variables, **place}, size=size, traffic=traffic)
        connection = found(answer, path, doing)
        yield page_of(connection, answer)
        after = following(connection, doing, seen)
        if after is None:
            return


def nodes_by_id(
    session: GithubSession, doing: str, document: str, ids: Sequence[str], traffic: Traffic
) -> list[dict[str, Any]]:
    """The nodes behind ``$ids`` that exist, in their order; asks for half where GitHub cannot answer in time."""
    nodes: list[dict[str, Any]] = []
    pending = [list(ids)]
    while pending:
        part = pending.pop()
        try:
            answer = session.graphql(doing, document, {"ids": part}, traffic, can_shrink=len(part) > 1)
        except PageTooLargeError as error:
            half = len(part) // 2
            log.info("%s; asking for %d at once", error, half)
            pending += [part[half:], part[:half]]
            continue
        nodes += [node for node in answer.data.get("nodes") or () if node]
    return nodes


def page_of(connection: Mapping[str, Any], answer: GraphqlAnswer) -> Page:
    """A connection of an answer as a page."""
    nodes = [node for node in connection.get("nodes") or () if node]
    return Page(
        nodes=nodes,
        connection=connection,
        hidden=len(connection.get("nodes") or ()) - len(nodes),
        fetched_at=datetime.now(UTC),
        server_time=answer.server_time,
    )


def following(connection: Mapping[str, Any], doing: str, seen: set[str]) -> str | None:
    """The cursor of the next page, None after the last one; ``seen`` collects cursors of this walk."""
    info = connection.get("pageInfo") or {}
    if not info.get("hasNextPage"):
        return None
    cursor = info.get("endCursor")
    if not isinstance(cursor, str) or cursor in seen:
        problem = "the same cursor twice" if cursor else "more pages but no cursor"
        raise ProtocolError(f"{doing}: GitHub gave {problem} ({cursor!r}); going on would never end")
    seen.add(cursor)
    return cursor


def found(answer: GraphqlAnswer, path: Sequence[str], doing: str) -> Mapping[str, Any]:
    """The object at ``path`` of an answer.

    Raises:
        RefusedError: It is null, or something above it is.
    """
    value: Any = answer.data
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        words = "; ".join(text for _, text in answer.refused) or "it does not exist or is not visible to us"
        raise RefusedError(f"{doing}: {'.'.join(path)} is null: {words}", status=404)
    return value
