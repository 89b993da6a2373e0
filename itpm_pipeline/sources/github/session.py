"""The one place that talks to GitHub through PyGithub.

PyGithub brings authentication (token, App installation), the address of the server and the HTTP session; its retries
and pauses are switched off, because ``extract.client`` decides about those for all trackers. GraphQL answers are
judged here: GitHub reports most failures of a query inside an answer with status 200.
"""

import logging
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import github
import jwt
import orjson
import requests
from github import Auth

from itpm_pipeline.config import GithubTracker
from itpm_pipeline.errors import (
    ConfigurationError,
    CredentialError,
    ProtocolError,
    RefusedError,
    TrackerError,
    TransientError,
)
from itpm_pipeline.extract.certificates import authorities
from itpm_pipeline.extract.client import Answer, Client, ThrottledError, Traffic
from itpm_pipeline.extract.redaction import secrets_of

# The library writes to the terminal whenever it follows a redirect, as from a renamed repository.
logging.getLogger("github.Requester").setLevel(logging.WARNING)

USER_AGENT = "itpm-pipeline"
GRAPHQL_LANE, REST_LANE = "graphql", "rest"

ALWAYS_SENT = {"X-Github-Next-Global-ID": "1"}
"""Asks for node ids of the new format everywhere: without it, old objects have other ids in REST than in GraphQL."""

OVERLOAD_STATUSES = frozenset({500, 502, 503, 504})
"""What GitHub's front answers when a query takes too long; a smaller page then helps more than patience."""

TOLERATED_ERRORS = frozenset({"NOT_FOUND", "FORBIDDEN"})
"""Error types that leave single paths of an otherwise good answer null: somebody else's private issue, for one."""

SIZE_ERRORS = frozenset({"MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED"})
OVERLOAD_WORDS = ("something went wrong", "timeout", "timed out", "timedout", "couldn't respond")
"""GitHub's words, under no error type, for a query that ran too long."""


class PageTooLargeError(TrackerError):
    """GitHub could not answer a page in time; half of it may do."""


@dataclass(frozen=True, slots=True)
class GraphqlAnswer:
    """``data`` of an answer; ``refused``: paths that are null because we may not see them, with GitHub's words."""

    data: Mapping[str, Any]
    refused: Sequence[tuple[str, str]]
    server_time: datetime
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """Decoded body of a REST answer and the address of the next page."""

    value: Any
    headers: Mapping[str, str]
    next_url: str | None


class GithubSession:
    """All requests to one GitHub; threads may share it, each gets a PyGithub client of its own.

    Raises what :meth:`Client.call` raises, and :class:`PageTooLargeError` where the caller can ask for less.
    """

    def __init__(self, tracker: GithubTracker, client: Client | None = None) -> None:
        self._tracker = tracker
        self.client = client or Client(
            tracker.name,
            concurrency=tracker.concurrency,
            max_attempts=tracker.max_attempts,
            secrets=secrets_of(tracker),
        )
        self._of_thread = threading.local()
        self._opened: list[github.Github] = []
        self._lock = threading.Lock()

    @property
    def graphql_url(self) -> str:
        """Where queries go: ``https://host/api/graphql`` for a base of ``https://host/api/v3``."""
        return str(self._github().requester.graphql_url)

    def graphql(
        self,
        doing: str,
        document: str,
        variables: Mapping[str, Any],
        traffic: Traffic,
        *,
        can_shrink: bool = False,
    ) -> GraphqlAnswer:
        """Run one query; points are counted from its ``rateLimit { cost }``.

        Args:
            doing: Clause for messages.
            document: GraphQL text.
            variables: Its variables; leave a key out rather than passing None where absence is meant.
            traffic: Counts are added to it.
            can_shrink: An overload raises PageTooLargeError at once instead of being retried as it is.
        """

        def send() -> Answer:
            body = {"query": document, "variables": dict(variables)}
            try:
                answer = self._send("POST", self.graphql_url, None, body)
            except requests.exceptions.Timeout as error:
                if can_shrink:
                    raise PageTooLargeError(f"{self._tracker.name}: {doing}: no answer in time") from error
                raise
            if can_shrink and answer.status in OVERLOAD_STATUSES and "retry-after" not in answer.headers:
                raise PageTooLargeError(f"{self._tracker.name}: {doing}: HTTP {answer.status}")
            return answer

        def decode(content: bytes) -> tuple[Mapping[str, Any], list[tuple[str, str]]]:
            return self._judge_body(doing, orjson.loads(content), can_shrink=can_shrink)

        answer = self.client.call(doing, send, traffic, decode=decode, lane=GRAPHQL_LANE)
        data, refused = answer.value
        traffic.add(points=int((data.get("rateLimit") or {}).get("cost") or 0))
        return GraphqlAnswer(data, refused, server_time(answer.headers), answer.headers)

    def rest(self, doing: str, url: str, parameters: Mapping[str, Any] | None, traffic: Traffic) -> RestAnswer:
        """GET a path (``/orgs/acme/repos``) or the address of a next page."""
        answer = self.client.call(
            doing, lambda: self._send("GET", url, parameters, None), traffic, decode=orjson.loads, lane=REST_LANE
        )
        links = requests.utils.parse_header_links(answer.headers.get("link", ""))
        following = next((link["url"] for link in links if link.get("rel") == "next"), None)
        return RestAnswer(answer.value, answer.headers, following)

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for opened in self._opened:
                opened.close()
            self._opened.clear()
        self._of_thread = threading.local()

    def _github(self) -> github.Github:
        opened: github.Github | None = getattr(self._of_thread, "github", None)
        if opened is None:
            opened = open_github(self._tracker)
            self._of_thread.github = opened
            with self._lock:
                self._opened.append(opened)
        return opened

    def _send(
        self, verb: str, url: str, parameters: Mapping[str, Any] | None, body: Mapping[str, Any] | None
    ) -> Answer:
        """One attempt. Exceptions of requests pass; those of PyGithub are turned into ours."""
        try:
            status, headers, text = self._github().requester.requestJson(
                verb, url, dict(parameters or {}), dict(ALWAYS_SENT), body
            )
        except github.GithubException as error:
            # Only fetching an installation token raises these: requestJson itself does not look at the status.
            if error.status in (401, 403, 404, 422):
                raise CredentialError(
                    f"{self._tracker.name}: asking for an App installation token: HTTP {error.status} "
                    f'"{self.client.redactor.quote(str(error.message or ""))}"; check app_id, installation_id and '
                    "private_key in program.yaml"
                ) from error
            return Answer(error.status, dict(error.headers or {}), orjson.dumps(error.data))
        except RuntimeError as error:  # PyGithub refuses redirects to another host
            raise ConfigurationError(
                f"{self._tracker.name}: {self.client.redactor.quote(str(error))}; check url in program.yaml"
            ) from error
        return Answer(status, {name.lower(): value for name, value in headers.items()}, text.encode())

    def _judge_body(
        self, doing: str, body: Any, *, can_shrink: bool
    ) -> tuple[Mapping[str, Any], list[tuple[str, str]]]:
        if not isinstance(body, dict) or not ("data" in body or "errors" in body):
            raise ValueError("neither data nor errors in the answer")
        errors = [error for error in body.get("errors") or () if isinstance(error, dict)]
        data = body.get("data")
        refused = []
        for error in errors:
            kind = str(error.get("type") or "")
            words = self.client.redactor.quote(str(error.get("message") or error))
            path = ".".join(str(step) for step in error.get("path") or ())
            if kind in TOLERATED_ERRORS and data is not None:
                refused.append((path, words))
            else:
                self._fail(doing, kind, words, is_whole=data is None, can_shrink=can_shrink)
        if data is None:
            raise ValueError("data is null without an error")
        return data, refused

    def _fail(self, doing: str, kind: str, words: str, *, is_whole: bool, can_shrink: bool) -> NoReturn:
        message = f'{self._tracker.name}: {doing}: GitHub says "{words}"' + (f" ({kind})" if kind else "")
        if kind in ("RATE_LIMITED", "RATE_LIMIT"):
            raise ThrottledError(message)
        if kind in SIZE_ERRORS or any(phrase in words.lower() for phrase in OVERLOAD_WORDS):
            raise PageTooLargeError(message) if can_shrink else TransientError(message)
        if kind == "INSUFFICIENT_SCOPES":
            raise CredentialError(f"{message}; give the token the scope named there")
        if kind in TOLERATED_ERRORS:
            raise RefusedError(message, status=404 if kind == "NOT_FOUND" else 403)
        if is_whole:
            raise ProtocolError(message)
        # A part of the answer is missing for a reason we do not know: half an answer must not pass for a whole one.
        raise PageTooLargeError(message) if can_shrink else TransientError(message)


def open_github(tracker: GithubTracker) -> github.Github:
    """A PyGithub client that authenticates and connects, and neither retries nor pauses."""
    return github.Github(
        auth=_authentication(tracker),
        base_url=api_url(tracker.url),
        timeout=max(1, math.ceil(tracker.timeout_seconds)),
        user_agent=USER_AGENT,
        verify=authorities(tracker.name, tracker.ca_file),
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,  # a GraphQL query is a POST, which PyGithub counts as a write
        lazy=True,
    )


def api_url(url: str) -> str:
    """The REST base address for what people write: github.com becomes api.github.com; others stay as they are."""
    if urlsplit(url).hostname in ("github.com", "www.github.com"):
        return "https://api.github.com"
    return url.rstrip("/")


def server_time(headers: Mapping[str, str]) -> datetime:
    """The server's clock in an answer's ``Date`` header; ours where it has none."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)


def _authentication(tracker: GithubTracker) -> Auth.Auth:
    if tracker.token is not None:
        return Auth.Token(tracker.token.get_secret_value())
    if tracker.app is None:
        raise ConfigurationError(f"trackers: {tracker.name}: give either token or app")
    app = Auth.AppAuth(tracker.app.app_id, tracker.app.private_key.get_secret_value())
    try:
        app.create_jwt()
    except jwt.PyJWTError:
        raise ConfigurationError(f"{tracker.name}: app.private_key is no private key in PEM format") from None
    return app.get_installation_auth(tracker.app.installation_id)
