"""The GitHub server as an ASGI application: routes, credentials, budgets and headers.

Addresses are those of github.com (REST at ``/``, GraphQL at ``/graphql``) and of an Enterprise Server (``/api/v3`` and
``/api/graphql``) at once.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.github.access import BadCredentialsError, Gate
from itpm_pipeline.sandbox.github.directory import Directory
from itpm_pipeline.sandbox.github.graphql_api import GraphqlApi
from itpm_pipeline.sandbox.github.limits import Budget
from itpm_pipeline.sandbox.github.rest_api import DOCUMENTATION, Moved, Reply, RestApi, RestError

Endpoint = Callable[[Request], Awaitable[Response]]
JSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


class Clock(Protocol):
    """Tells the company's time."""

    def now(self) -> datetime:
        """The present instant."""


class _Server:
    """Everything the endpoints share."""

    def __init__(
        self,
        app: Starlette,
        clock: Clock,
        gate: Gate,
        *,
        latency_ms: int,
        enterprise_version: str | None,
        core: Budget,
        graphql: Budget,
    ) -> None:
        self._app = app
        self._clock = clock
        self._gate = gate
        self._latency = latency_ms / 1000
        self._enterprise_version = enterprise_version
        self._core = core
        self._graphql = graphql
        self._request_numbers = itertools.count(1)

    def rest(self, directory: Directory, endpoint: Callable[[Request], Reply]) -> Endpoint:
        """An endpoint of the REST interface."""

        async def serve(request: Request) -> Response:
            await self._arrive(request)
            is_free = request.url.path.endswith("/rate_limit")
            try:
                self._gate.check(request)
                if not is_free:
                    self._spend_request(directory)
                directory.refresh()
                reply = endpoint(request)
            except BadCredentialsError as bad:
                return self._json(_refused(401, str(bad)), self._core, "core", status=401)
            except RestError as error:
                return self._json(error.body, self._core, "core", status=error.status)
            except Moved as moved:
                body = {"message": "Moved Permanently", "url": moved.path, "documentation_url": DOCUMENTATION}
                return self._json(body, self._core, "core", status=301, more={"Location": moved.path})
            more = {"Link": reply.link} if reply.link else {}
            return self._json(reply.body, self._core, "core", more=more)

        return serve

    def graphql(self, api: GraphqlApi) -> Endpoint:
        """The GraphQL endpoint."""

        async def serve(request: Request) -> Response:
            await self._arrive(request)
            try:
                self._gate.check(request)
            except BadCredentialsError as bad:
                return self._json(_refused(401, str(bad)), self._graphql, "graphql", status=401)
            try:
                posted = orjson.loads(await request.body())
            except orjson.JSONDecodeError:
                body = _refused(400, "Problems parsing JSON")
                return self._json(body, self._graphql, "graphql", status=400)
            answer = api.answer(posted, self._clock.now())
            self._app.state.points += answer.points
            return self._json(answer.body, self._graphql, "graphql")

        return serve

    def installation_token(self) -> Endpoint:
        """The endpoint where an App's installation gets its token."""

        async def serve(request: Request) -> Response:
            await self._arrive(request)
            try:
                token = self._gate.issue_installation_token(request)
            except BadCredentialsError as bad:
                return self._json(_refused(401, str(bad)), self._core, "core", status=401)
            return self._json(token, self._core, "core", status=201)

        return serve

    async def not_found(self, request: Request, _: Exception) -> Response:
        """The answer at an address that does not exist."""
        await self._arrive(request)
        return self._json(_refused(404, "Not Found"), self._core, "core", status=404)

    def _spend_request(self, directory: Directory) -> None:
        if not self._core.spend(1):
            raise RestError(403, f"API rate limit exceeded for user ID {directory.viewer.github_database_id}.")

    async def _arrive(self, request: Request) -> None:
        path = request.url.path.removeprefix("/api/v3").removeprefix("/api") or "/"
        self._app.state.requests[f"{request.method} {path}"] += 1
        if self._latency:
            await asyncio.sleep(self._latency)

    def _json(
        self, body: Any, budget: Budget, resource: str, *, status: int = 200, more: Mapping[str, str] | None = None
    ) -> Response:
        headers = {
            "date": format_datetime(self._clock.now().replace(microsecond=0), usegmt=True),
            "x-github-media-type": "github.v3; format=json",
            "x-github-request-id": f"SAND:{next(self._request_numbers):08X}",
            **(more or {}),
        }
        if self._enterprise_version:
            headers["x-github-enterprise-version"] = self._enterprise_version
        if budget.limit is not None:
            standing = budget.standing()
            headers |= {
                "x-ratelimit-limit": str(standing.limit),
                "x-ratelimit-remaining": str(standing.remaining),
                "x-ratelimit-used": str(standing.used),
                "x-ratelimit-reset": str(int(standing.reset_at.timestamp())),
                "x-ratelimit-resource": resource,
            }
        content = orjson.dumps(body, option=JSON_OPTIONS)
        return Response(content, status, headers, media_type="application/json; charset=utf-8")


def create_app(
    company: Company,
    clock: Clock,
    *,
    token: str,
    latency_ms: int = 0,
    hourly_points: int | None = 5000,
    web_url: str = "https://github.com",
    renames: Mapping[str, str] | None = None,
    enterprise_version: str | None = None,
    app_public_key: str | None = None,
) -> Starlette:
    """The company's GitHub organisation as an application.

    Args:
        company: The state to serve; changes to it show at once.
        clock: Company time.
        token: The credential that is accepted.
        latency_ms: How long every answer is held back.
        hourly_points: Budget for an hour, of GraphQL points and of REST requests each; null switches limits off, as
            on most Enterprise Servers.
        web_url: Where people see the organisation in a browser; part of every ``url``.
        renames: Former repository names and the present ones.
        enterprise_version: Makes it an Enterprise Server of this version.
        app_public_key: PEM with which an App's JWT must be signed; null accepts any.

    The ``Date`` header tells company time, so serve it without one of the web server's (``serve.py`` does).
    ``app.state.requests`` counts requests by method and path, ``app.state.points`` the GraphQL points spent.
    """
    directory = Directory(company, web_url, renames or {})
    core, graphql = Budget(hourly_points, clock.now), Budget(hourly_points, clock.now)
    app = Starlette()
    app.state.requests = Counter()
    app.state.points = 0
    server = _Server(
        app, clock, Gate(token, clock.now, app_public_key),
        latency_ms=latency_ms, enterprise_version=enterprise_version, core=core, graphql=graphql,
    )  # fmt: skip
    rest = RestApi(directory, core, graphql, enterprise_version)
    graphql_endpoint = server.graphql(GraphqlApi(directory, graphql))
    rest_routes = [
        Route("/app/installations/{id:int}/access_tokens", server.installation_token(), methods=["POST"]),
        *rest.routes(lambda endpoint: server.rest(directory, endpoint)),
    ]
    app.router.routes.extend(
        [
            Route("/graphql", graphql_endpoint, methods=["POST"]),
            Route("/api/graphql", graphql_endpoint, methods=["POST"]),
            Mount("/api/v3", routes=rest_routes),
            *rest_routes,
        ]
    )
    app.add_exception_handler(404, server.not_found)
    app.add_exception_handler(405, server.not_found)
    return app


def _refused(status: int, message: str) -> dict[str, str]:
    return {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
