"""From an HTTP request to a handler: authentication, counting, delay, rate headers and error bodies in one place."""

import asyncio
import base64
import binascii
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from itpm_pipeline.sandbox.jira.answers import JiraError, JsonResponse, json_body
from itpm_pipeline.sandbox.jira.find import Finder
from itpm_pipeline.sandbox.jira.render import Renderer
from itpm_pipeline.sandbox.jira.site import Site

BURST_LIMIT = 400
"""Requests a second that the rate headers announce; not enforced."""

_VERSIONS = {"2": "2", "3": "3", "latest": "2"}


@dataclass(slots=True)
class Call:
    """One request and what is needed to answer it."""

    request: Request
    site: Site
    finder: Finder
    renderer: Renderer

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        """A parameter of the query string."""
        return self.request.query_params.get(name)

    async def body(self) -> dict[str, Any]:
        """The JSON object posted."""
        return await json_body(self.request)


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and path with its handler; ``open`` ones need no credentials."""

    method: str
    path: str
    handler: Handler
    open: bool = False


class Desk:
    """Takes the requests of one app."""

    def __init__(self, site: Site, *, token: str, latency_ms: int) -> None:
        self._site = site
        self._token = token
        self._latency = latency_ms / 1000
        self._finder = Finder(site)
        self._renderers = {version: Renderer(site, version) for version in sorted(set(_VERSIONS.values()))}
        self._window_began = 0.0
        self._in_window = 0
        self.requests: Counter[str] = Counter()
        """Requests by ``METHOD /path/with/{parameters}``."""

    def route(self, endpoint: Endpoint) -> Route:
        """The endpoint behind this desk."""
        name = f"{endpoint.method} {endpoint.path}"

        async def serve(request: Request) -> Response:
            self.requests[name] += 1
            if self._latency:
                await asyncio.sleep(self._latency)
            try:
                response = JsonResponse(await self._answer(request, endpoint))
            except JiraError as refusal:
                response = JsonResponse(refusal.body, refusal.status, headers=refusal.headers)
            response.headers.update(self._rate_headers())
            response.headers["X-Arequestid"] = secrets.token_hex(16)
            return response

        return Route(endpoint.path, serve, methods=[endpoint.method], name=name)

    async def _answer(self, request: Request, endpoint: Endpoint) -> Any:
        if not endpoint.open:
            self._authenticate(request)
        version = _VERSIONS.get(request.path_params.get("version", "3"))
        if version is None:
            raise JiraError(404, body={"message": f"null for uri: {request.url}", "status-code": 404})
        self._site.refresh()
        return await endpoint.handler(Call(request, self._site, self._finder, self._renderers[version]))

    def _authenticate(self, request: Request) -> None:
        """Basic authentication with e-mail address and API token, the only kind this site knows."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            email, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            email, token = "", ""
        right = secrets.compare_digest(token.encode(), self._token.encode())
        if scheme.lower() != "basic" or email.lower() != self._site.email.lower() or not right:
            raise JiraError(
                401,
                body={"message": "Client must be authenticated to access this resource.", "status-code": 401},
                headers={
                    "WWW-Authenticate": f'OAuth realm="{self._site.base}"',
                    "X-Seraph-Loginreason": "AUTHENTICATED_FAILED",
                },
            )

    def _rate_headers(self) -> dict[str, str]:
        """The burst limit's headers; with an API token a client is under no hourly quota.

        In real time, not the company's: a client that waits compares with its own clock.
        """
        elapsed = time.monotonic()
        if elapsed - self._window_began >= 1:
            self._window_began, self._in_window = elapsed, 0
        self._in_window += 1
        remaining = max(BURST_LIMIT - self._in_window, 0)
        reset = datetime.now(UTC) + timedelta(seconds=1)
        return {
            "X-RateLimit-Limit": str(BURST_LIMIT),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%M:%SZ}",
            "X-RateLimit-NearLimit": str(remaining < BURST_LIMIT // 5).lower(),
        }


async def not_found(request: Request, _error: Exception) -> Response:
    """Jira's answer to a path it does not serve."""
    body = {"message": f"null for uri: {request.url}", "status-code": 404}
    return Response(orjson.dumps(body), 404, media_type="application/json;charset=UTF-8")
