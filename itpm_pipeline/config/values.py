"""Values that are looked at before anybody uses them: addresses, and secrets that travel in headers."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_TOKEN = re.compile(r"[\x21-\x7e]+")


def _is_web_address(url: str) -> str:
    if "@" in url:  # before it is parsed: where a password has a slash, no parser sees that it is one
        raise ValueError("an address must not carry credentials; use the keys email and token")
    # It is not repeated: people put tokens on the wrong line.
    _look_at(url, "this is no address; write for example https://acme.atlassian.net", "credentials")
    return url.rstrip("/")


def _is_secret_web_address(secret: SecretStr) -> SecretStr:
    address = secret.get_secret_value().strip()
    _look_at(address, "the variable holds no web address", "messages")
    return SecretStr(address)


def _look_at(url: str, otherwise: str, what: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(otherwise) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(otherwise)
    if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE:
        raise ValueError(f"{what} would travel unencrypted; use https (plain http only for this machine)")


def _is_token(secret: SecretStr) -> SecretStr:
    """Libraries quote in their errors what no header can carry, so it never gets there."""
    token = secret.get_secret_value().strip()  # files of secrets often end with a line break
    if not _TOKEN.fullmatch(token):
        raise ValueError("the variable holds what no token has: a space, a line break or a letter beyond ASCII")
    return SecretStr(token)


WebAddress = Annotated[str, AfterValidator(_is_web_address)]
"""``https://…`` (http for this machine only), without credentials and without a slash at the end."""

SecretWebAddress = Annotated[SecretStr, AfterValidator(_is_secret_web_address)]
"""A web address that must not be shown, as whoever knows it may write there."""

Token = Annotated[SecretStr, AfterValidator(_is_token)]
"""What authenticates us to a tracker: visible ASCII."""
