"""Who may ask: the configured token, or tokens that an App installation was given in exchange for a signed JWT."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
from starlette.requests import Request

TOKEN_LIFETIME = timedelta(hours=1)


class BadCredentialsError(Exception):
    """The answer is 401; the message is GitHub's."""


class Gate:
    """Checks the Authorization header; ``app_public_key`` (PEM) null: an App's JWT is taken without its signature."""

    def __init__(self, token: str, now: Callable[[], datetime], app_public_key: str | None) -> None:
        self._token = token
        self._now = now
        self._app_public_key = app_public_key
        self._installation_tokens: dict[str, datetime] = {}

    def check(self, request: Request) -> None:
        """Raises BadCredentialsError unless the request carries a valid token."""
        scheme, credential = _credential(request)
        if not scheme:
            raise BadCredentialsError("Requires authentication")
        if secrets.compare_digest(credential.encode(), self._token.encode()):
            return
        expiry = self._installation_tokens.get(credential)
        if expiry is None or expiry <= self._now():
            raise BadCredentialsError("Bad credentials")

    def issue_installation_token(self, request: Request) -> dict[str, Any]:
        """A new installation token for a request that carries the App's JWT."""
        self._check_app(request)
        token = f"ghs_{secrets.token_hex(18)}"
        expires_at = self._now().replace(microsecond=0) + TOKEN_LIFETIME
        self._installation_tokens[token] = expires_at
        return {
            "token": token,
            "expires_at": expires_at,
            "permissions": {"issues": "read", "metadata": "read", "organization_projects": "read"},
            "repository_selection": "all",
        }

    def _check_app(self, request: Request) -> None:
        scheme, credential = _credential(request)
        if scheme != "bearer":
            raise BadCredentialsError("A JSON web token could not be decoded")
        # Company time is not the App's: expiry is judged by the two claims' distance alone.
        is_signed = self._app_public_key is not None
        try:
            claims = jwt.decode(
                credential, self._app_public_key or "", algorithms=["RS256"],
                options={"verify_signature": is_signed, "verify_exp": False, "verify_iat": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            raise BadCredentialsError("A JSON web token could not be decoded") from None
        missing = {"iat", "exp", "iss"} - claims.keys()
        if missing:
            raise BadCredentialsError(f"Missing '{min(missing)}' claim in assertion")
        if claims["exp"] - claims["iat"] > 720:
            raise BadCredentialsError("'Expiration time' claim ('exp') is too far in the future")


def _credential(request: Request) -> tuple[str, str]:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in {"token", "bearer"} or not credential.strip():
        return "", ""
    return scheme.lower(), credential.strip()
