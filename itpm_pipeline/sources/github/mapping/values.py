"""Reads single values of GitHub objects: instants, dates, connections, accounts."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.sources.github.context import GithubContext


def required(node: Mapping[str, Any], name: str) -> Any:
    """A value the mapping cannot do without."""
    value = node.get(name)
    if value is None:
        raise MappingError(f"{name} is missing")
    return value


def instant(text: Any) -> datetime | None:
    """``2026-03-02T09:00:00Z`` as an instant in UTC; null stays null."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise MappingError(f"the instant {text} has no offset")
    return at.astimezone(UTC)


def day(text: Any) -> date | None:
    """``2026-03-02`` (or an instant that begins so) as a date; null stays null."""
    return None if text is None else date.fromisoformat(text[:10])


def nodes(node: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Nodes of a connection; those hidden from us are left out."""
    return [one for one in (node.get(name) or {}).get("nodes") or () if one]


def label_names(node: Mapping[str, Any]) -> list[str]:
    """Names of the labels, as they come."""
    return [str(label["name"]) for label in nodes(node, "labels") if label.get("name")]


def issue_key(node: Mapping[str, Any]) -> str | None:
    """``acme/checkout#7`` of an issue or pull request."""
    repository = (node.get("repository") or {}).get("nameWithOwner")
    return f"{repository}#{node['number']}" if repository and node.get("number") else None


class People:
    """Accounts met while mapping one record; each becomes one ``person`` row."""

    def __init__(self, context: GithubContext, rows: CanonicalRows) -> None:
        self._context = context
        self._rows = rows
        self._known: set[str] = set()

    def id(self, account: Mapping[str, Any] | None) -> str | None:
        """Person id of an account; None where GitHub shows none: a deleted account (its ghost) or nobody."""
        if not account or not account.get("id"):
            return None
        person = self._context.id(account["id"])
        if person not in self._known:
            self._known.add(person)
            self._rows.add("person", {
                "person_id": person,
                "account_ref": account.get("login"),
                "display_name": account.get("name") or account.get("login"),
                "is_bot": is_bot(account),
            })  # fmt: skip
        return person


def is_bot(account: Mapping[str, Any]) -> bool:
    """Apps tell it by their type, older integrations by their login."""
    return account.get("__typename") == "Bot" or str(account.get("login") or "").endswith("[bot]")


def field_values(node: Mapping[str, Any], name: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(field id, field name, value) of field values; a value without a field, or of a kind unknown, has none."""
    for value in nodes(node, name):
        described = value.get("field") or {}
        if described.get("id"):
            yield str(described["id"]), str(described.get("name") or ""), value.get("issueFieldValue") or value
