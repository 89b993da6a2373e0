"""Reads single values out of Jira's JSON, leniently in shape and strictly in meaning."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from itpm_pipeline.canonical.rows import MappingError

_MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds (1973 and later); below, they are seconds."""


def instant(value: Any, what: str) -> datetime | None:
    """UTC instant of ``2026-03-02T09:00:00.000+0100`` and its kin; None where there is none.

    Cloud's bulk changelog gives epoch milliseconds instead, whatever its specification says (whose own example has
    seconds).
    """
    if value in (None, ""):
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)
        read = datetime.fromisoformat(str(value))
        if read.tzinfo is None:
            raise MappingError(f'{what}: "{str(value)[:40]}" has no time zone')
        return read.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, MappingError):
            raise
        raise MappingError(f'{what}: "{str(value)[:40]}" is no instant') from None


def day(value: Any, what: str) -> date | None:
    """Calendar date; of a longer text its first ten characters."""
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise MappingError(f'{what}: "{str(value)[:40]}" is no date') from None


def text(value: Any) -> str | None:
    """Text without NUL characters, which no database takes; None for none and for the empty text."""
    if value is None:
        return None
    found = str(value)
    return (found.replace("\x00", "") if "\x00" in found else found) or None


def whole(value: Any) -> int | None:
    """Whole number; None for anything else."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """Number, also of a text like "5.0"; None for anything else and for what is not finite."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        read = float(value)
    except (TypeError, ValueError):
        return None
    return read if abs(read) < 1e15 else None


def number_text(value: float) -> str:
    """Shortest text of a number: "5", "0.5"."""
    return str(int(value)) if value.is_integer() else repr(value)


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, empty where there is none."""
    # Decoded JSON has no other mappings, and asking for the abstract class takes ten times as long.
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, empty where there is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def native_id(value: Mapping[str, Any], what: str) -> str:
    """The ``id`` of an object; a record without one cannot be mapped."""
    found = value.get("id")
    if found in (None, ""):
        raise MappingError(f"{what} has no id")
    return str(found)


def observed(value: Any) -> str | None:
    """Canonical text of an observed value: instants and dates in ISO 8601, bools in lower case."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
