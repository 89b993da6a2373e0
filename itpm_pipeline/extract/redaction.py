"""Makes what a tracker answered fit for an error message: short, on one line, without secrets."""

import json
import re
from collections.abc import Iterable
from typing import Any

LONGEST = 300
"""Characters of an answer that a message quotes at most."""

HIDDEN = "[hidden]"

_SECRET_SHAPES = re.compile(
    r"""
      (?<=Bearer\s)[^\s"',;]+ | (?<=Basic\s)[^\s"',;]+ | (?<=token\s)[A-Za-z0-9_\-.=]{16,}  # authorization
    | gh[pousr]_\w{10,} | github_pat_\w{10,}  # GitHub
    | ATATT\S{10,} | ATCTT\S{10,}  # Atlassian
    | eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*  # JSON web tokens
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)  # user:password in an address
    | -----BEGIN[^-]*PRIVATE\sKEY-----.*?(?:-----END[^-]*-----|$)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]+|[\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)


class Redactor:
    """Hides the given secrets, and anything shaped like one, in texts that may reach a log."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def hide(self, text: str) -> str:
        """``text`` with every secret replaced by ``[hidden]``."""
        if self._known:
            text = self._known.sub(HIDDEN, text)
        return _SECRET_SHAPES.sub(HIDDEN, text)

    def quote(self, content: bytes | str) -> str:
        """The gist of an answer's body: its error texts when it is JSON, otherwise its beginning; one line."""
        text = content if isinstance(content, str) else content[:20_000].decode("utf-8", "replace")
        text = self.hide(_error_texts(text) or _MARKUP.sub(" ", text))
        text = " ".join(_UNPRINTABLE.sub(" ", text).split())
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _error_texts(text: str) -> str:
    """Messages out of the error objects of Jira (errorMessages, errors, message) and GitHub (message, errors)."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    found: list[str] = []
    for key in ("errorMessages", "message", "errors", "error"):
        found.extend(_strings(body.get(key)))
    return "; ".join(dict.fromkeys(found))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, list):
        return [text for item in value[:5] for text in _strings(item)]
    if isinstance(value, dict):
        if isinstance(value.get("message"), str):
            return [value["message"]]
        return [f"{key}: {text}" for key, item in list(value.items())[:5] for text in _strings(item)]
    return []
