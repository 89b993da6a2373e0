"""Identifiers in the shapes the trackers use, from running numbers."""

import hashlib

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def node_id(prefix: str, number: int) -> str:
    """A global GitHub identifier such as ``I_kwDOAcme00A7``; unique by prefix and number."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"{prefix}_kwDOAcme{digits.rjust(5, '0')}"


def short_id(*parts: object) -> str:
    """Eight hexadecimal digits, as of a field option or an iteration."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:8]


def commit_oid(*parts: object) -> str:
    """A commit hash."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:40]
