"""Values that are looked at before anybody uses them: addresses, and secrets that travel in headers."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_TOKEN = re.compile(r"[\x21-\x7e]+")


def _is_web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # With an @ it may hold a password.
        named = "this" if "@" in url else repr(url)
        raise ValueError(f"{named} is no address; write for example https://acme.atlassian.net")
    if parts.username or parts.password:
        raise ValueError("an address must not carry credentials; use the keys email and token")
    if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE:
        raise ValueError("credentials would travel unencrypted; use https (plain http only for this machine)")
    return url.rstrip("/")


def _is_secret_web_address(secret: SecretStr) -> SecretStr:
    address = secret.get_secret_value().strip()
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the variable holds no web address")
    if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE:
        raise ValueError("messages would travel unencrypted; use https (plain http only for this machine)")
    return SecretStr(address)


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
