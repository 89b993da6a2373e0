"""Makes what a tracker answered fit for an error message: short, on one line, without secrets."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

LONGEST = 300
"""Characters of an answer that a message quotes at most."""

HIDDEN = "[hidden]"

_LEAST_SECRET = 4
"""Something so short is no secret, and to hide it would spoil any text."""

_LOOKED_AT = 20_000
"""Characters of an answer in which its gist is looked for."""

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
    """Hides the given secrets in every form in which they travel, and anything shaped like one, in texts for a log."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {form for secret in secrets for form in _forms(secret) if len(form) >= _LEAST_SECRET}
        # The longest first, so that none is hidden in part only.
        self._known = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True)))) if known else None

    def hide(self, text: str) -> str:
        """``text`` with every secret replaced by ``[hidden]``."""
        return _SECRET_SHAPES.sub(HIDDEN, self._hide_known(text))

    def quote(self, content: bytes | str) -> str:
        """The gist of an answer's body: its error texts when it is JSON, otherwise its beginning; one line."""
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        # Before anything is cut or taken out: what is left of a secret would not be known as one.
        text = self._hide_known(text)[:_LOOKED_AT]
        text = self.hide(_error_texts(text) or html.unescape(_MARKUP.sub(" ", text)))
        text = " ".join(_UNPRINTABLE.sub(" ", text).split())
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

    def _hide_known(self, text: str) -> str:
        return self._known.sub(HIDDEN, text) if self._known else text


def redactor_of(tracker: BaseModel) -> Redactor:
    """Hides the secrets of a tracker's settings."""
    return Redactor(secrets_of(tracker))


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """All secrets in settings, and what Basic authentication makes of an e-mail address and a token."""
    email = getattr(settings, "email", None)
    for name, value in settings:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
            if name == "token" and email:
                yield b64encode(f"{email}:{value.get_secret_value()}".encode()).decode()
        elif isinstance(value, BaseModel):
            yield from secrets_of(value)


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, each of its lines, and as addresses, JSON, HTML, Python and base64 write it."""
    yield secret
    yield from (line for line in secret.splitlines() if not line.startswith("-----"))  # a key in PEM format
    for address in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield address
        yield re.sub("%..", lambda code: code[0].lower(), address)
    yield from (json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    yield from (html.escape(secret), html.escape(secret, quote=False), repr(secret)[1:-1])
    for encode in (b64encode, urlsafe_b64encode):
        coded = encode(secret.encode()).decode()
        yield from (coded, coded.rstrip("="))


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
