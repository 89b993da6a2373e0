"""The kinds of faults: one class a kind, its fields are its parameters.

What trackers send with a refusal (words, headers, statuses) is taken from their documentation and from public reports
of what clients met.
"""

import asyncio
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import Field

from itpm_pipeline.sandbox.control.exchange import Answer, Asked, Exchange
from itpm_pipeline.sandbox.control.fault_base import GITHUB, JIRA, FaultBase
from itpm_pipeline.sandbox.control.limit_faults import (
    GithubPrimaryLimit,
    GithubSecondaryLimit,
    JiraRateLimit,
    TooManyRequests,
)

_DOCUMENTATION = "https://docs.github.com/rest"
_LOGIN_PAGE = b"""<!DOCTYPE html>
<html lang="en"><head><title>Sign in</title></head>
<body><h1>Sign in to continue</h1><form method="post"><input name="user"><input name="password"></form></body></html>
"""


# --- Slowness ----------------------------------------------------------------------------------------------------


class Latency(FaultBase):
    """The answer comes late."""

    kind: Literal["latency"]
    seconds: float = Field(default=1.0, ge=0)

    async def strike(self, exchange: Exchange) -> None:
        """Wait, then answer."""
        await asyncio.sleep(self.seconds)
        await exchange.pass_on()


class SlowBody(FaultBase):
    """The body trickles in: ``pieces`` with ``pause`` seconds between them."""

    kind: Literal["slow_body"]
    pieces: int = Field(default=5, ge=1)
    pause: float = Field(default=0.1, ge=0)

    async def strike(self, exchange: Exchange) -> None:
        """Answer rightly, in pieces."""
        await exchange.send(await exchange.right_answer(), pieces=self.pieces, pause=self.pause)


# --- Breakdowns --------------------------------------------------------------------------------------------------


class ServerError(FaultBase):
    """An answer of the 500s, as JSON or, as fronts of trackers send it, as a page."""

    kind: Literal["server_error"]
    status: int = Field(default=503, ge=500, le=599)

    async def strike(self, exchange: Exchange) -> None:
        """Refuse."""
        page = b"<html><body><h1>We are having trouble</h1></body></html>"
        await exchange.send(Answer(self.status, [(b"content-type", b"text/html")], page))


class ConnectionReset(FaultBase):
    """The connection is reset in the middle of the body."""

    kind: Literal["connection_reset"]
    after_bytes: int = Field(default=20, ge=0)

    async def strike(self, exchange: Exchange) -> None:
        """Begin to answer, then break off."""
        await exchange.reset(await exchange.right_answer(), self.after_bytes)


class TruncatedJson(FaultBase):
    """The answer is complete as HTTP goes, but its JSON is cut: ``keep`` is the share that is left."""

    kind: Literal["truncated_json"]
    keep: float = Field(default=0.5, ge=0, lt=1)

    async def strike(self, exchange: Exchange) -> None:
        """Answer with a part."""
        right = await exchange.right_answer()
        await exchange.send(Answer(right.status, right.headers, right.body[: int(len(right.body) * self.keep)]))


class HtmlPage(FaultBase):
    """A page to sign in, with status 200: what a proxy or single sign-on puts in between."""

    kind: Literal["html_page"]

    async def strike(self, exchange: Exchange) -> None:
        """Answer with the page."""
        await exchange.send(Answer(200, [(b"content-type", b"text/html; charset=utf-8")], _LOGIN_PAGE))


class ExpiredPageToken(FaultBase):
    """The token of the next page is not accepted any more; requests without a token are left alone."""

    kind: Literal["expired_page_token"]

    def concerns(self, asked: Asked) -> bool:
        """Whether the request goes on where a page ended."""
        if asked.path.endswith("/graphql"):
            variables = asked.posted().get("variables") or {}
            return any(name.startswith("after") and value for name, value in variables.items())
        return "nextPageToken=" in asked.query or bool(asked.posted().get("nextPageToken"))

    async def strike(self, exchange: Exchange) -> None:
        """Refuse."""
        if exchange.tracker == JIRA:
            words = "The provided next page token is invalid or has expired."
            await exchange.refuse(400, {"errorMessages": [words], "errors": {}})
            return
        error = {"type": "INVALID_CURSOR_ARGUMENTS", "message": "`Y3Vyc29y` does not appear to be a valid cursor."}
        await exchange.refuse(200, {"data": None, "errors": [error]})


class GraphqlOverload(FaultBase):
    """Queries that may return more than ``above`` nodes are not answered in time: 502 with a page of GitHub's front."""

    trackers: ClassVar[frozenset[str]] = frozenset({GITHUB})

    kind: Literal["graphql_overload"]
    above: int = Field(ge=0)
    status: int = Field(default=502, ge=500, le=599)

    def concerns(self, asked: Asked) -> bool:
        """Whether it is such a query."""
        return asked.path.endswith("/graphql") and _nodes(asked) > self.above

    async def strike(self, exchange: Exchange) -> None:
        """Refuse."""
        body = {
            "data": None,
            "errors": [{"message": "Something went wrong while executing your query. This may be the result of a "
                                   "timeout, or it could be a GitHub bug. Please include `SAND:F` when reporting."}],
        }  # fmt: skip
        await exchange.refuse(self.status, body)


class PartialErrors(FaultBase):
    """GraphQL: a part of the answer is null, and an error says why. ``at`` is the way to it, from ``data`` on."""

    trackers: ClassVar[frozenset[str]] = frozenset({GITHUB})

    kind: Literal["partial_errors"]
    at: list[str | int] = Field(min_length=1)
    type: str | None = "SERVICE_UNAVAILABLE"
    message: str = "Something went wrong."

    def concerns(self, asked: Asked) -> bool:
        """Whether it is a query."""
        return asked.path.endswith("/graphql")

    async def strike(self, exchange: Exchange) -> None:
        """Answer with the part left out; an answer without such a part stays whole and gets the error all the same."""
        right = await exchange.right_answer()
        body = orjson.loads(right.body)
        holder: Any = body.get("data")
        for step in self.at[:-1]:
            holder = _part(holder, step)
        if _part(holder, self.at[-1]) is not None:
            holder[self.at[-1]] = None
        error = {"message": self.message, "path": self.at} | ({"type": self.type} if self.type else {})
        body["errors"] = [*body.get("errors", ()), error]
        await exchange.send(Answer(right.status, right.headers, orjson.dumps(body)))


# --- Permission and change -----------------------------------------------------------------------------------------


class Forbidden(FaultBase):
    """403 that is about permission; with ``path`` or ``body`` for one project."""

    kind: Literal["forbidden"]

    async def strike(self, exchange: Exchange) -> None:
        """Refuse."""
        words = "You do not have permission to view this project."
        body = {"errorMessages": [words], "errors": {}}
        if exchange.tracker == GITHUB:
            body = {"message": "Resource not accessible by personal access token", "documentation_url": _DOCUMENTATION}
        await exchange.refuse(403, body)


class Mutation(FaultBase):
    """The company changes just before the request is answered: with ``skip``, between two pages."""

    kind: Literal["mutation"]
    mutations: list[dict[str, Any]] = Field(min_length=1)

    async def strike(self, exchange: Exchange) -> None:
        """Change, then answer."""
        exchange.mutate(self.mutations)
        await exchange.pass_on()


Fault = Annotated[
    Latency | SlowBody | TooManyRequests | JiraRateLimit | GithubPrimaryLimit | GithubSecondaryLimit | ServerError
    | ConnectionReset | TruncatedJson | HtmlPage | ExpiredPageToken | GraphqlOverload | PartialErrors | Forbidden
    | Mutation,
    Field(discriminator="kind"),
]  # fmt: skip
"""Any fault."""


def _part(holder: Any, step: str | int) -> Any:
    if isinstance(holder, list) and isinstance(step, int):
        return holder[step] if -len(holder) <= step < len(holder) else None
    return holder.get(step) if isinstance(holder, dict) and isinstance(step, str) else None


def _nodes(asked: Asked) -> int:
    """How many nodes a query may return, as GitHub counts them."""
    # Not at the top: it loads a schema of 1,780 types, which only GitHub's server needs.
    from itpm_pipeline.sandbox.github.documents import InvalidQueryError, prepare  # noqa: PLC0415
    from itpm_pipeline.sandbox.github.limits import estimate  # noqa: PLC0415

    posted = asked.posted()
    try:
        return estimate(prepare(posted["query"], posted.get("variables") or {}, posted.get("operationName"))).nodes
    except (InvalidQueryError, KeyError):
        return 0
