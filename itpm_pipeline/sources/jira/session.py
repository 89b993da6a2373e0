"""The one place that touches the ``jira`` library: authenticated requests for raw JSON, through the shared client."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jira
import jira.exceptions

from itpm_pipeline.config import JiraTracker
from itpm_pipeline.errors import ProtocolError
from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.certificates import authorities
from itpm_pipeline.extract.client import Answer, Client, Traffic
from itpm_pipeline.extract.connections import heed_environment_once
from itpm_pipeline.extract.redaction import secrets_of

AGILE = "agile/1.0"
Decode = Callable[[bytes], Any]

FRESH_SECONDS = 60.0
"""For how long what a site says of its time is good enough."""

# The library logs whole answers and headers at level DEBUG; nothing of that may reach a log of ours.
logging.getLogger("jira.resilientsession").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Server:
    """What a site says of itself. ``time`` is its clock when it answered."""

    is_cloud: bool
    version: str
    time: datetime
    raw: Mapping[str, Any]

    @property
    def platform(self) -> str:
        """Path of the platform API: version 3 exists on Cloud alone."""
        return "api/3" if self.is_cloud else "api/2"


class JiraSession:
    """Sends requests to one site. Thread-safe: each request borrows a session of its own."""

    def __init__(
        self, tracker: JiraTracker, client: Client | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock``: seconds on a steady scale."""
        self.tracker = tracker
        self.client = client or Client(
            tracker.name,
            concurrency=tracker.concurrency,
            max_attempts=tracker.max_attempts,
            secrets=secrets_of(tracker),
        )
        self._base = str(tracker.url).rstrip("/")
        self._certificates = authorities(tracker.name, tracker.ca_file)
        self._idle: queue.LifoQueue[jira.JIRA] = queue.LifoQueue()
        self._asking = threading.Lock()
        self._server: Server | None = None
        self._asked_at = 0.0
        self._clock = clock

    def get(
        self, doing: str, path: str, traffic: Traffic, params: Mapping[str, Any] | None = None,
        *, decode: Decode = json_text.loads,
    ) -> Any:
        """JSON of ``GET {site}/rest/{path}``, decoded by ``decode``. ``doing`` is a clause for messages."""
        return self._call(doing, "GET", path, traffic, decode, params=params).value

    def post(
        self, doing: str, path: str, traffic: Traffic, body: Mapping[str, Any], *, decode: Decode = json_text.loads
    ) -> Any:
        """JSON of ``POST {site}/rest/{path}`` with a JSON body, decoded by ``decode``."""
        return self._call(doing, "POST", path, traffic, decode, json=body).value

    def ask_server(self, traffic: Traffic) -> Server:
        """Ask the site for its version, kind and time."""
        asked_at = self._clock()
        answer = self._call("asking who the server is", "GET", "api/2/serverInfo", traffic, json_text.loads)
        info = answer.value
        if not isinstance(info, dict) or "version" not in info:
            raise ProtocolError(f"{self.tracker.name}: {self._base} is not answered by Jira; check url in program.yaml")
        self._asked_at = asked_at
        self._server = Server(
            is_cloud=info.get("deploymentType") == "Cloud",
            version=str(info["version"]),
            time=_server_time(info, answer.headers),
            raw=info,
        )
        return self._server

    def server(self, traffic: Traffic) -> Server:
        """The site as it introduced itself last; asked if it never did."""
        with self._asking:
            return self._server or self.ask_server(traffic)

    def server_of_late(self, traffic: Traffic) -> Server:
        """The site with its time, at most :data:`FRESH_SECONDS` ago.

        Projects that are read one after the other need not all ask what time it is: as the start of what they read
        next, an instant a little too early does no harm.
        """
        with self._asking:
            if self._server is None or self._clock() - self._asked_at > FRESH_SECONDS:
                return self.ask_server(traffic)
            return self._server

    def platform(self, path: str, traffic: Traffic) -> str:
        """Path of a resource of the platform API in the version the site has."""
        return f"{self.server(traffic).platform}/{path}"

    def close(self) -> None:
        """Close idle connections."""
        while True:
            try:
                self._idle.get_nowait().close()  # type: ignore[no-untyped-call]
            except queue.Empty:
                return

    def _call(
        self, doing: str, method: str, path: str, traffic: Traffic, decode: Decode, **request: Any
    ) -> Answer:
        return self.client.call(doing, self._sender(method, path, request), traffic, decode=decode)

    def _sender(self, method: str, path: str, request: Mapping[str, Any]) -> Callable[[], Answer]:
        url = f"{self._base}/rest/{path}"

        def send() -> Answer:
            try:
                site = self._idle.get_nowait()
            except queue.Empty:
                site = self._connect()
            try:
                # Redirects are not followed: they would carry the credentials to wherever they lead.
                response = site._session.request(method, url, allow_redirects=False, **request)  # noqa: SLF001
            except jira.exceptions.JIRAError as error:
                if error.response is None:
                    raise ConnectionError("no response") from None
                response = error.response
            finally:
                self._idle.put(site)
            return Answer(response.status_code, response.headers, response.content)

        return send

    def _connect(self) -> jira.JIRA:
        """A session that authenticates, without any request of its own and without retries of its own."""
        tracker, token = self.tracker, self.tracker.token.get_secret_value()
        site = jira.JIRA(
            options={"server": self._base, "verify": self._certificates},
            basic_auth=(tracker.email, token) if tracker.email else None,
            token_auth=None if tracker.email else token,
            get_server_info=False,
            max_retries=0,
            timeout=tracker.timeout_seconds,
            logging=False,
        )
        heed_environment_once(site._session, self._base, self._certificates)  # noqa: SLF001
        return site


def _server_time(info: Mapping[str, Any], headers: Mapping[str, str]) -> datetime:
    """The server's clock: serverTime, which anonymous readers of Cloud do not get, else the Date header, else ours."""
    try:
        return datetime.fromisoformat(str(info.get("serverTime"))).astimezone(UTC)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(str(headers.get("Date"))).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC)
