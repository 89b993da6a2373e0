"""Answers with issues and histories, of which only that is decoded which reading has to look at.

All the rest is landed as it came: what it means is for mapping to find out.
"""

from typing import Any, TypedDict

from msgspec import Raw
from msgspec.json import Decoder

from itpm_pipeline.extract.json_text import Told, loads_in_part


class _Fields(TypedDict, total=False):
    created: Any
    resolutiondate: Any
    status: Any
    project: Any
    worklog: Any


class _Histories(TypedDict, total=False):
    histories: list[Raw]
    total: Any


class _Issue(TypedDict, total=False):
    id: Any
    fields: _Fields | None
    changelog: _Histories | None


class _Item(TypedDict, total=False):
    field: Any
    to: Any


class _Entry(TypedDict, total=False):
    created: Any
    items: list[_Item] | None


class _Issues(TypedDict, total=False):
    issues: list[Raw]
    issueErrors: Any
    nextPageToken: Any
    isLast: Any
    total: Any


class _IssueHistories(TypedDict, total=False):
    issueId: Any
    changeHistories: list[Raw]


class _BulkHistories(TypedDict, total=False):
    issueChangeLogs: list[_IssueHistories]
    nextPageToken: Any
    isLast: Any


class _History(TypedDict, total=False):
    values: list[Raw]
    total: Any
    isLast: Any


_ISSUE, _ENTRY = Decoder(_Issue), Decoder(_Entry)
_ISSUES, _BULK, _HISTORY = Decoder(_Issues), Decoder(_BulkHistories), Decoder(_History)
_TEXT, _PARTS = Decoder(Raw), Decoder(dict[str, Raw])


def issue(content: bytes) -> Told:
    """One issue: ``id``, dates, status, project and work log of its ``fields``, entries of its ``changelog``."""
    return _issue(loads_in_part(content, _TEXT))


def issues(content: bytes) -> Any:
    """A page of a search, or of a bulk fetch."""
    return _with(loads_in_part(content, _ISSUES), "issues", _issue)


def bulk_histories(content: bytes) -> Any:
    """A page of the histories of many issues."""
    page = loads_in_part(content, _BULK)
    for of_issue in page.get("issueChangeLogs", ()):
        _with(of_issue, "changeHistories", _entry)
    return page


def history(content: bytes) -> Any:
    """A page of one issue's history."""
    return _with(loads_in_part(content, _HISTORY), "values", _entry)


def without_histories(told: Told) -> dict[str, Any]:
    """All of an issue but the entries of its history, whose count it keeps."""
    parts: dict[str, Any] = _PARTS.decode(told.text)
    changelog = _PARTS.decode(parts["changelog"])
    changelog.pop("histories", None)
    return parts | {"changelog": changelog}


def _issue(text: Raw) -> Told:
    seen = _ISSUE.decode(text)
    if changelog := seen.get("changelog"):
        _with(changelog, "histories", _entry)
    return Told(text, seen)


def _entry(text: Raw) -> Told:
    return Told(text, _ENTRY.decode(text))


def _with(page: Any, inside: str, of_text: Any) -> Any:
    if inside in page:
        page[inside] = [of_text(text) for text in page[inside]]
    return page
