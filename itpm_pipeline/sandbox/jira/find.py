"""Finding issues by JQL, and resuming where a page ended."""

import base64
import binascii
import hashlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from itpm_pipeline.sandbox.company.model import JiraIssue
from itpm_pipeline.sandbox.jira import jql
from itpm_pipeline.sandbox.jira.answers import JiraError
from itpm_pipeline.sandbox.jira.entities import Entities
from itpm_pipeline.sandbox.jira.jql_fields import canonical
from itpm_pipeline.sandbox.jira.jql_meaning import Meaning, SortKey, moves_with_clock
from itpm_pipeline.sandbox.jira.site import Site

_KEPT_RESULTS = 64


@dataclass(frozen=True, slots=True)
class Found:
    """All matches of a query in order; ``key`` gives the order."""

    issues: Sequence[JiraIssue]
    key: SortKey


class Finder:
    """Answers queries; keeps recent answers until the company changes, so that a page costs its own size only."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._generation = -1
        self._meaning = Meaning(site, Entities(site, "3"))
        self._kept: OrderedDict[str, Found] = OrderedDict()

    def find(self, text: str) -> Found:
        """The issues that the query ``text`` matches.

        Every search of the site goes through here: a search that lags behind the issues would lag here.
        """
        if self._generation != self._site.generation:
            self._generation = self._site.generation
            self._kept.clear()
            self._meaning = Meaning(self._site, Entities(self._site, "3"))
        if text in self._kept:
            self._kept.move_to_end(text)
            return self._kept[text]
        query = jql.parse(text)
        found = self._evaluate(query)
        if query.where is None or not moves_with_clock(query.where):
            self._kept[text] = found
            if len(self._kept) > _KEPT_RESULTS:
                self._kept.popitem(last=False)
        return found

    def _evaluate(self, query: jql.Query) -> Found:
        key = self._meaning.sort_key(query.order)
        if query.where is None:
            candidates = self._site.updated_between(None, None, None)
        else:
            test = self._meaning.test(query.where)
            where = self._meaning.range(query.where)
            in_range = self._site.updated_between(where.projects, where.lowest, where.highest)
            candidates = [issue for issue in in_range if test(issue)]
        first = query.order[0] if query.order else None
        if first and len(query.order) == 1 and canonical(first.field) == "updated" and not first.descending:
            return Found(candidates, key)  # the index is in this order
        return Found(sorted(candidates, key=key), key)


def bounded(text: str) -> str:
    """``text`` if it restricts the search; 400 otherwise, as the search of Jira Cloud answers since 2025."""
    if jql.parse(text).where is None:
        raise JiraError(
            400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
        )
    return text


# --- Page tokens -----------------------------------------------------------------------------------------------


def token_after(text: str, found: Found, place: int) -> str:
    """An opaque token for the page that starts at ``place``: it remembers the issue before it and where it stood."""
    last = found.issues[place - 1]
    return _sealed([_fingerprint(text), place, last.id, found.key(last)])


def place_of(token: str, text: str, found: Found) -> int:
    """Where the page of ``token`` starts.

    Right behind the issue that ended the page before; if that one moved meanwhile, behind where it stood. So an issue
    updated in the middle of a scan may show twice or, when it moves ahead of the reader in a descending scan, never.
    """
    fingerprint, place, last_id, key = _opened(token)
    if fingerprint != _fingerprint(text):
        raise _bad_token()
    if 0 < place <= len(found.issues) and found.issues[place - 1].id == last_id:
        return int(place)
    return bisect_right(found.issues, _as_key(key), key=found.key)


def sealed_offset(offset: int, *about: str) -> str:
    """An opaque token for an offset into something that ``about`` identifies."""
    return _sealed([_fingerprint(*about), offset, "", []])


def offset_of(token: str, *about: str) -> int:
    """The offset again; 400 for a token about something else."""
    fingerprint, offset, _, _ = _opened(token)
    if fingerprint != _fingerprint(*about):
        raise _bad_token()
    return int(offset)


def _fingerprint(*texts: str) -> str:
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=9).hexdigest()


def _sealed(content: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def _opened(token: str) -> tuple[str, int, str, Any]:
    try:
        fingerprint, place, last_id, key = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error, TypeError):
        raise _bad_token() from None
    if not isinstance(place, int):
        raise _bad_token()
    return fingerprint, place, last_id, key


def _bad_token() -> JiraError:
    return JiraError(400, "The provided next page token is invalid or has expired.")


def _as_key(value: Any) -> Any:
    return tuple(_as_key(part) for part in value) if isinstance(value, list) else value
