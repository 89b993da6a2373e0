"""Jira's ways of cutting lists into pages."""

from collections.abc import Callable, Iterator
from typing import Any

from itpm_pipeline.errors import ProtocolError
from itpm_pipeline.extract.json_text import Told

MANY_PAGES = 100_000
"""No list is that long: a server that goes on and on is broken."""


def offset_pages(
    fetch: Callable[[int], Any], inside: str, *, doing: str
) -> Iterator[list[Any]]:
    """Pages of a list whose order does not change while it is read (boards, sprints, versions, worklogs).

    A server may send fewer entries than asked for, so a short page is not the last one: ``isLast`` or ``total`` tell,
    and where neither is told, an empty page.

    Args:
        fetch: Answer for a ``startAt``.
        inside: Property with the entries.
        doing: Clause for messages.
    """
    start = 0
    for _ in range(MANY_PAGES):
        page = fetch(start)
        entries = entries_of(page, inside, doing)
        yield entries
        start += len(entries)
        total = page.get("total")
        if page.get("isLast") is True or not entries or (isinstance(total, int) and start >= total):
            return
    raise ProtocolError(f"{doing}: the list does not end after {start} entries")


def token_pages(
    fetch: Callable[[str | None], Any], inside: str, *, doing: str
) -> Iterator[list[Any]]:
    """Pages chained by ``nextPageToken``. A token seen before would loop for ever and is an error."""
    token: str | None = None
    seen: set[str] = set()
    while True:
        page = fetch(token)
        yield entries_of(page, inside, doing)
        token = page.get("nextPageToken") or None
        if page.get("isLast") is True:
            return
        if token is None:
            if page.get("isLast") is False:
                raise ProtocolError(f"{doing}: the server says there are more pages and gives no token for them")
            return
        if token in seen:
            raise ProtocolError(f"{doing}: the server gave the same page token twice")
        seen.add(token)


def drifting_pages(
    fetch: Callable[[int], Any], inside: str, *, doing: str, step_back: int
) -> Iterator[list[Any]]:
    """Pages by offset of a search that changes while it is read (issues on Data Center).

    An issue that leaves the part already read pulls all others one place forward, and the first of the next page
    would be missed. So each page begins with the last issue of the page before; where it does not, the reading steps
    back ``step_back`` places. Issues seen before are left out.
    """
    start, last = 0, None
    seen: set[str] = set()
    for _ in range(MANY_PAGES):
        page = fetch(max(0, start - 1))
        entries = entries_of(page, inside, doing)
        if last is not None and (not entries or entries[0]["id"] != last):
            start = max(1, start - step_back)
            page = fetch(start - 1)
            entries = entries_of(page, inside, doing)
        yield [entry for entry in entries if entry["id"] not in seen]
        seen.update(entry["id"] for entry in entries)
        start = max(0, start - 1) + len(entries)
        total = page.get("total")
        if not isinstance(total, int):
            raise ProtocolError(f"{doing}: the answer has no total")
        if start >= total:
            return
        if not entries:
            raise ProtocolError(f"{doing}: an empty page at {start} of {total}")
        last = entries[-1]["id"]
    raise ProtocolError(f"{doing}: the list does not end after {start} entries")


def entries_of(page: Any, inside: str, doing: str) -> list[Any]:
    """The list of objects in ``page[inside]``."""
    entries = page.get(inside) if isinstance(page, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, Told | dict) for entry in entries):
        raise ProtocolError(f'{doing}: the answer has no list "{inside}"')
    return entries
