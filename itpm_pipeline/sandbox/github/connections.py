"""Connections: lists that are read in pages, forwards or backwards, by opaque cursors.

As at GitHub, a list in an order of its own (issues by update time) has cursors that hold the place in that order, so an
issue updated between two pages moves and nothing else does; other lists have cursors that hold the position.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from itpm_pipeline.sandbox.github.execution import Call, Refusal, Resolver

MOST_RECORDS = 100
_KEYSET = b"cursor:v2:"

Key = Callable[[Any], list[Any]]


class Order(NamedTuple):
    """An order of a list: ``key`` gives numbers and texts only, and no two objects share one."""

    key: Key
    is_descending: bool


@dataclass(slots=True)
class Page:
    """A part of a connection; ``start`` is the position of its first item in the whole of ``total`` items."""

    items: Sequence[Any]
    start: int
    total: int
    order: Order | None

    def cursor(self, index: int) -> str:
        """The cursor of the page's item at ``index``."""
        if self.order is None:
            return _encode(str(self.start + index + 1).encode())
        return _encode(_KEYSET + orjson.dumps(self.order.key(self.items[index])))


class Edge(NamedTuple):
    """An item of a page with its cursor."""

    page: Page
    place: int


CONNECTION_FIELDS: dict[str, Resolver] = {
    "edges": lambda page: [Edge(page, place) for place in range(len(page.items))],
    "nodes": "items",
    "pageInfo": lambda page: page,
    "totalCount": "total",
}
EDGE_FIELDS: dict[str, Resolver] = {
    "cursor": lambda edge: edge.page.cursor(edge.place),
    "node": lambda edge: edge.page.items[edge.place],
}
PAGE_INFO_FIELDS: dict[str, Resolver] = {
    "endCursor": lambda page: page.cursor(len(page.items) - 1) if page.items else None,
    "hasNextPage": lambda page: page.start + len(page.items) < page.total,
    "hasPreviousPage": lambda page: page.start > 0,
    "startCursor": lambda page: page.cursor(0) if page.items else None,
}


def instant_key(instant: Callable[[Any], datetime | None], tie: Callable[[Any], Any]) -> Key:
    """A sort key from an instant, nulls last, with ``tie`` to tell equal instants apart."""

    def key(item: Any) -> list[Any]:
        at = instant(item)
        return [at.timestamp() if at else 1e12, tie(item)]

    return key


def chosen_order(argument: Mapping[str, str] | None, keys: Mapping[str, Key], default: tuple[str, str]) -> Order:
    """The order that an ``orderBy`` argument asks for; ``default`` is (field, direction)."""
    field, direction = (argument["field"], argument["direction"]) if argument else default
    return Order(keys[field], direction == "DESC")


def connect(items: Iterable[Any], call: Call, order: Order | None = None) -> Page:
    """The page of ``items`` that the call's first, last, after and before select, sorted by ``order`` if given."""
    ranked = list(items) if order is None else sorted(items, key=order.key, reverse=order.is_descending)
    start, stop = window(ranked, call, order)
    return Page(ranked[start:stop], start, len(ranked), order)


def window(ranked: Sequence[Any], call: Call, order: Order | None = None) -> tuple[int, int]:
    """Where the page begins and ends in the whole list."""
    size = page_size(call)
    start, stop = cursor_window(ranked, call, order)
    if call.args.get("first") is not None:
        stop = min(stop, start + size)
    else:
        start = max(start, stop - size)
    return start, stop


def page_size(call: Call) -> int:
    """How many records the call asks for; refuses as GitHub does when it says nothing or too much."""
    for argument in ("first", "last"):
        size = call.args.get(argument)
        if size is None:
            continue
        if size < 0:
            raise Refusal(None, f"`{argument}` on the `{call.name}` connection cannot be less than zero.")
        if size > MOST_RECORDS:
            raise Refusal(
                "EXCESSIVE_PAGINATION",
                f"Requesting {size} records on the `{call.name}` connection exceeds the `{argument}` limit of "
                f"{MOST_RECORDS} records.",
            )
        return int(size)
    if call.is_listed:
        raise Refusal(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{call.name}` connection.",
        )
    return 0


def cursor_window(ranked: Sequence[Any], call: Call, order: Order | None) -> tuple[int, int]:
    """The part of the list between ``after`` and ``before``."""
    start, stop = 0, len(ranked)
    if call.args.get("after"):
        start = min(_passed(ranked, call.args["after"], order, through=True), stop)
    if call.args.get("before"):
        stop = max(_passed(ranked, call.args["before"], order, through=False), start)
    return start, stop


def _passed(ranked: Sequence[Any], cursor: str, order: Order | None, *, through: bool) -> int:
    """How many items stand before the cursor's place; ``through`` counts the one at that place too."""
    place = _decode(cursor)
    if order is None:
        if not place.isdigit():
            raise _bad_cursor(cursor)
        return int(place) if through else int(place) - 1
    try:
        mark = orjson.loads(place.removeprefix(_KEYSET)) if place.startswith(_KEYSET) else None
    except orjson.JSONDecodeError:
        raise _bad_cursor(cursor) from None
    if not isinstance(mark, list):
        raise _bad_cursor(cursor)
    keys = map(order.key, ranked)
    try:
        if order.is_descending:
            return sum(key > mark or (through and key == mark) for key in keys)
        return sum(key < mark or (through and key == mark) for key in keys)
    except TypeError:
        raise _bad_cursor(cursor) from None


def _encode(place: bytes) -> str:
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def _decode(cursor: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raise _bad_cursor(cursor) from None


def _bad_cursor(cursor: str) -> Refusal:
    return Refusal("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.")
