"""Serving the simulated company: the Jira and the GitHub server over HTTP, on loopback only."""

import importlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from itpm_pipeline.errors import ItpmError
from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.control.server import Control
from itpm_pipeline.sandbox.jira.app import create_app as create_jira_app
from itpm_pipeline.sandbox.mutations.github import GithubEditor
from itpm_pipeline.sandbox.mutations.jira import JiraEditor

LOOPBACK = "127.0.0.1"
JIRA_EMAIL = "itpm@acme.example"
JIRA_TOKEN = "sandbox-jira-token"  # noqa: S105 - opens nothing but the sandbox
GITHUB_TOKEN = "sandbox-github-token"  # noqa: S105

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


@dataclass(slots=True)
class Served:
    """One app on its own thread."""

    url: str
    app: Starlette
    _server: uvicorn.Server
    _thread: threading.Thread
    _socket: socket.socket

    def ask_to_stop(self) -> None:
        """Take no new requests; returns at once."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Let requests under way finish, then close; doing it twice does no harm."""
        self.ask_to_stop()
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(_STOP_SECONDS)
        self._socket.close()


class Editors:
    """The editors of a company, made when they are first needed: they read all of its history."""

    def __init__(self, company: Company, clock: Clock) -> None:
        self._company, self._clock = company, clock

    @cached_property
    def jira(self) -> JiraEditor:
        """That of the Jira site."""
        return JiraEditor(self._company, self._clock)

    @cached_property
    def github(self) -> GithubEditor:
        """That of the GitHub organisation."""
        return GithubEditor(self._company, self._clock)


@dataclass(slots=True)
class Running:
    """Both servers. A context manager: leaving it stops them."""

    jira_url: str
    github_url: str
    jira: Starlette
    """Its ``state.requests`` counts requests by ``METHOD /path``."""
    github: Starlette
    company: Company
    clock: Clock
    editors: "Editors"
    controls: tuple[Control, Control] | None = None
    _served: list[Served] = field(default_factory=list)

    @property
    def jira_editor(self) -> JiraEditor:
        """Changes the Jira site, between requests; see ``sandbox.mutations``."""
        return self.editors.jira

    @property
    def github_editor(self) -> GithubEditor:
        """Changes the GitHub organisation, between requests."""
        return self.editors.github

    @property
    def jira_control(self) -> Control:
        """What makes the Jira server misbehave; ItpmError unless served with ``control=True``."""
        return self._controls()[0]

    @property
    def github_control(self) -> Control:
        """The same of the GitHub server."""
        return self._controls()[1]

    def _controls(self) -> tuple[Control, Control]:
        if self.controls is None:
            raise ItpmError("The sandbox is not under control: serve it with control=True.")
        return self.controls

    def stop(self) -> None:
        """Stop both servers."""
        for served in self._served:
            served.ask_to_stop()
        for served in self._served:
            served.stop()

    def __enter__(self) -> Self:
        """The servers themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


def serve(
    company: Company,
    *,
    jira_port: int = 0,
    github_port: int = 0,
    host: str = LOOPBACK,
    latency_ms: int = 0,
    jira_email: str = JIRA_EMAIL,
    jira_token: str = JIRA_TOKEN,
    github_token: str = GITHUB_TOKEN,
    github_hourly_points: int | None = 5000,
    account_timezone: str = "Europe/Berlin",
    elapsed: Callable[[], float] | None = None,
    control: bool = False,
) -> Running:
    """Serve ``company`` on two ports of loopback (0: a free one); returns when both servers answer.

    ``latency_ms`` delays every answer. ``github_hourly_points`` None switches GitHub's rate limit off. ``elapsed``
    replaces the steady clock (see ``Clock``). ``control`` lets faults be armed and the company be changed, from code
    and over HTTP (see ``sandbox.control``). Raises ItpmError for any host but loopback and for a port that is taken.
    """
    clock = Clock(company.now, elapsed) if elapsed else Clock(company.now)
    jira_app = create_jira_app(
        company, clock, token=jira_token, email=jira_email, latency_ms=latency_ms, account_timezone=account_timezone
    )
    github_app = _create_github_app(
        company, clock, token=github_token, latency_ms=latency_ms, hourly_points=github_hourly_points
    )
    editors = Editors(company, clock)
    controls = None
    if control:
        controls = (
            Control(jira_app, "jira", clock, editors.jira),
            Control(github_app, "github", clock, editors.github),
        )
    served: list[Served] = []
    try:
        for number, (app, port) in enumerate(((jira_app, jira_port), (github_app, github_port))):
            served.append(serve_app(app, port=port, host=host, before=controls[number] if controls else None))
    except BaseException:
        for started in served:
            started.stop()
        raise
    return Running(served[0].url, served[1].url, jira_app, github_app, company, clock, editors, controls, served)


def _create_github_app(company: Company, clock: Clock, **settings: Any) -> Starlette:
    """GitHub's app: imported only now, as it parses a schema of 1,780 types when it loads."""
    module = importlib.import_module("itpm_pipeline.sandbox.github.app")
    app: Starlette = module.create_app(company, clock, **settings)
    return app


def serve_app(app: Starlette, *, port: int = 0, host: str = LOOPBACK, before: ASGIApp | None = None) -> Served:
    """Serve one app on a background thread; returns when it accepts connections. ``before`` stands before the app."""
    if host != LOOPBACK:
        raise ItpmError(f"The sandbox serves on {LOOPBACK} only, not on {host}: its tokens are no secrets.")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ItpmError(f"The sandbox cannot serve on port {port}: {error.strerror}. Choose another one.") from error
    # No Date header of uvicorn's: it would tell real time, and clients measure by it how far they have read.
    config = uvicorn.Config(
        before or app, lifespan="off", ws="none", log_config=None, access_log=False, timeout_graceful_shutdown=5,
        backlog=128, date_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    ready = threading.Event()
    thread = threading.Thread(
        target=_run, args=(server, listener, ready), name=f"sandbox-{listener.getsockname()[1]}", daemon=True
    )
    served = Served(f"http://{host}:{listener.getsockname()[1]}", app, server, thread, listener)
    thread.start()
    if not ready.wait(_START_SECONDS) or not server.started:
        served.stop()
        raise ItpmError(f"The sandbox did not start within {_START_SECONDS:.0f} s.")
    return served


def _run(server: uvicorn.Server, listener: socket.socket, ready: threading.Event) -> None:
    """The server's thread: tells ``ready`` once it listens, or when it failed to."""
    original = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await original(sockets=sockets)
        ready.set()

    server.startup = startup  # type: ignore[method-assign]
    try:
        server.run(sockets=[listener])
    finally:
        ready.set()
